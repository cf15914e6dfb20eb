{# The ends of the quarters of the year that value is predicted for. #}
{% macro value_horizons() %}{{ return([91, 183, 274, dovecote.value_horizon_days()]) }}{% endmacro %}


{# Days for which value is predicted, as the names of its columns say. #}
{% macro value_horizon_days() %}{{ return(365) }}{% endmacro %}


{#
    Expected spend per day of purchase under the Gamma-Gamma model (Fader and Hardie 2013): the customer's own mean
    over its repeat days, held by the population's. A customer without repeats is expected to spend what all do.
    p, q and v are the columns of ml_churn__fits.
#}
{% macro expected_spend(repeat_days, mean_repeat_spend) -%}
    case
        when {{ repeat_days }} > 0
            then p * (v + {{ repeat_days }} * greatest({{ mean_repeat_spend }}, 0)) / (p * {{ repeat_days }} + q - 1)
        else p * v / (q - 1)
    end
{%- endmacro %}


{# What an amount some days from now is worth today. #}
{% macro discounted(amount, days) -%}
    {{ amount }} / power(1 + {{ var('dovecote_value_discount_rate') }}, {{ days }} / cast(365 as double))
{%- endmacro %}


{# Customers in some groups of equal size by prediction, the highest number for those expected to bring most. #}
{% macro value_group(groups, predicted_value, customer_id) -%}
    ntile({{ groups }}) over (order by {{ predicted_value }}, {{ customer_id }})
{%- endmacro %}


{#
    Where an end of a value's interval lies among customers who do order, in hundredths: as many as may lie below it,
    less those who bring nothing. At or below 0 where those are enough: the end is 0.
#}
{% macro percentage_of_those_who_order(share, no_order_probability) -%}
    (100 * ({{ share }} - {{ no_order_probability }}) / nullif(1 - {{ no_order_probability }}, 0))
{%- endmacro %}


{#
    Days until half of the customers with such a history who order within a year have ordered: the median time to the
    next purchase of a gamma-mixed Poisson process, cut at a year.
#}
{% macro days_to_next_order() -%}
    ceil(exposure_days * (power((1 + no_order_in_a_year_if_alive) / 2.0, -1 / purchase_shape) - 1))
{%- endmacro %}
