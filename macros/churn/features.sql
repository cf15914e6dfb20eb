{#
    What the supervised model sees of a customer at a cut-off, as columns of int_churn__facts_at_cutoffs say it. Time
    is measured in horizons, so that what was learned at one horizon holds at another. Each feature has its group (by
    which features are chosen), its value (never null; what is not known is neutral) and the words in which it is told.
#}
{% macro churn_features() %}
    {{ return([
        {
            "name": "recency",
            "group": "rhythm",
            "value": "sqrt(recency_days / cast(horizon_days as double))",
            "reason": "'last ' || activity || ' ' || recency_days || ' days ago'",
        },
        {
            "name": "activity_rate",
            "group": "rhythm",
            "value": "ln((repeat_days + 1) / (age_days / cast(horizon_days as double) + 1))",
            "reason": "activity || ' days: ' || (repeat_days + 1) || ' in ' || age_days || ' days'",
        },
        {
            "name": "gap_trend",
            "group": "rhythm",
            "value": "case when repeat_days > 0 then ln((1 + last_gap_days) / (1 + first_to_last_days / cast(repeat_days as double))) else 0 end",
            "reason": "coalesce('last gap ' || last_gap_days || ' days, ' || cast(round(first_to_last_days / cast(nullif(repeat_days, 0) as double)) as integer) || ' on average', 'no second ' || activity || ' day')",
        },
        {
            "name": "mean_value",
            "group": "money",
            "value": "ln(1 + greatest(net_amount, 0) / (repeat_days + 1))",
            "reason": "'spends ' || " ~ dovecote.decimal_of("net_amount / (repeat_days + 1)", 2) ~ " || ' per ' || activity || ' day'",
        },
        {
            "name": "btyd_log_odds",
            "group": "btyd",
            "value": "case when purchase_model_probability is null then 0 else ln(least(greatest(purchase_model_probability, 0.000001), 0.999999) / (1 - least(greatest(purchase_model_probability, 0.000001), 0.999999))) end",
            "reason": "coalesce((repeat_days + 1) || ' ' || activity || ' days in ' || age_days || ', none for ' || recency_days || ': ' || cast(round(100 * purchase_model_probability) as integer) || '% of such customers stay away', 'no purchase model')",
        },
        {
            "name": "visit_days",
            "group": "behaviour",
            "value": "ln(1 + visit_days)",
            "reason": "'visit days in the last ' || horizon_days || ': ' || visit_days",
        },
        {
            "name": "carts_abandoned",
            "group": "behaviour",
            "value": "ln(1 + carts_abandoned)",
            "reason": "'carts abandoned in the last ' || horizon_days || ' days: ' || carts_abandoned",
        },
        {
            "name": "discount_share",
            "group": "behaviour",
            "value": "coalesce(least(greatest(discount_amount / nullif(gross_amount, 0), 0), 1), 0)",
            "reason": "cast(round(100 * coalesce(least(greatest(discount_amount / nullif(gross_amount, 0), 0), 1), 0)) as integer) || '% bought on discount'",
        },
        {
            "name": "refund_share",
            "group": "behaviour",
            "value": "coalesce(least(greatest(refund_amount / nullif(gross_amount, 0), 0), 1), 0)",
            "reason": "cast(round(100 * coalesce(least(greatest(refund_amount / nullif(gross_amount, 0), 0), 1), 0)) as integer) || '% refunded'",
        },
        {
            "name": "categories",
            "group": "behaviour",
            "value": "ln(1 + categories)",
            "reason": "'categories bought from: ' || categories",
        },
        {
            "name": "rating",
            "group": "behaviour",
            "value": "coalesce(mean_rating - 3, 0)",
            "reason": "coalesce('rates ' || " ~ dovecote.decimal_of("mean_rating", 1) ~ " || ' of 5', 'no rating')",
        },
        {
            "name": "nps",
            "group": "behaviour",
            "value": "coalesce((nps_score - 7) / cast(5 as double), 0)",
            "reason": "coalesce('answered ' || nps_score || ' of 10', 'no survey answer')",
        },
    ]) }}
{% endmacro %}


{# What a feature adds to the log-odds of churn, relative to the average customer that the model learned from. #}
{% macro contribution(feature_name) -%}
    ({{ feature_name }}_coefficient * ({{ feature_name }} - {{ feature_name }}_center) / {{ feature_name }}_scale)
{%- endmacro %}


{# How much each feature speaks for the risk of those at risk, and against that of others. #}
{% macro contribution_weights() %}
    {%- set weights = [] -%}
    {%- for feature in dovecote.churn_features() -%}
        {%- do weights.append("direction * " ~ feature.name ~ "_contribution") -%}
    {%- endfor -%}
    {{ return(weights) }}
{% endmacro %}


{# Which way a feature moved the score from that of the average customer. #}
{% macro direction(feature_name) -%}
    case
        when {{ feature_name }}_contribution > 0 then ' (above the average risk)'
        when {{ feature_name }}_contribution < 0 then ' (below the average risk)'
        else ''
    end
{%- endmacro %}
