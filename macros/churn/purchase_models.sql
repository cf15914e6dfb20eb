{#
    Scores of buy-till-you-die models, from a customer's history: repeat_days (x), first_to_last_days (t_x) and
    age_days (T); r, alpha, a, b, s, beta are the columns of ml_churn__fits. Sources: Fader, Hardie and Lee (2005) for
    the BG/NBD, Batislam, Denizel and Filiztekin (2007) for the MBG/NBD, Schmittlein, Morrison and Colombo (1987) for
    the Pareto/NBD.
#}
{# The preferred first: the one whose word the supervised model takes where several were fitted. #}
{% macro purchase_models() %}{{ return(['pareto_nbd', 'mbg_nbd', 'bg_nbd']) }}{% endmacro %}


{# Odds of having left before the cut-off. After exp(700) the customer has surely left. #}
{% macro odds_of_having_left() -%}
    case
        when model_name = 'bg_nbd' and repeat_days = 0 then 0
        when model_name = 'pareto_nbd' then exp(least(
            (r + repeat_days) * ln((alpha + age_days) / (alpha + first_to_last_days))
            + s * ln((beta + age_days) / (beta + first_to_last_days))
            + ln(tail_at_last),
            700
        )) - tail_at_age
        else exp(least(
            ln(a / case when model_name = 'bg_nbd' then b + repeat_days - 1 else b + repeat_days end)
            + (r + repeat_days) * ln((alpha + age_days) / (alpha + first_to_last_days)),
            700
        ))
    end
{%- endmacro %}


{# Probability of no purchase in the horizon, of a customer who has not left at the cut-off. #}
{% macro no_purchase_if_alive() -%}
    case
        when model_name = 'pareto_nbd'
            then
                tail_at_age
                + power((alpha + age_days) / (alpha + age_days + horizon_days), r + repeat_days)
                * power((beta + age_days) / (beta + age_days + horizon_days), s)
                * (1 - tail_at_horizon)
        else power((alpha + age_days) / (alpha + age_days + horizon_days), r + repeat_days)
    end
{%- endmacro %}
