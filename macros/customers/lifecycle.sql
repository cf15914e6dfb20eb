{# How many days usually pass between two purchases of a customer: its own median gap, held by the population's. #}
{% macro cadence_days(own_gaps, own_median_gap, population_median_gap) -%}
    {{ adapter.dispatch('cadence_days', 'dovecote')(own_gaps, own_median_gap, population_median_gap) }}
{%- endmacro %}

{% macro default__cadence_days(own_gaps, own_median_gap, population_median_gap) -%}
    {%- set prior = var('dovecote_lifecycle_cadence_prior_gaps') -%}
    coalesce(
        ({{ own_gaps }} * {{ own_median_gap }} + {{ prior }} * {{ population_median_gap }}) / ({{ own_gaps }} + {{ prior }}),
        {{ population_median_gap }}
    )
{%- endmacro %}


{# The stage of a customer's life, from how overdue it is in its own cadence. #}
{% macro lifecycle_stage(purchases, recency_days, cadence_days, last_gap_days) -%}
    {{ adapter.dispatch('lifecycle_stage', 'dovecote')(purchases, recency_days, cadence_days, last_gap_days) }}
{%- endmacro %}

{% macro default__lifecycle_stage(purchases, recency_days, cadence_days, last_gap_days) -%}
    {%- set multiples = var('dovecote_lifecycle_multiples') -%}
    case
        when {{ purchases }} = 0 then 'prospect'
        when {{ recency_days }} > {{ multiples.lapsed }} * {{ cadence_days }} then 'lost'
        when {{ recency_days }} > {{ multiples.at_risk }} * {{ cadence_days }} then 'lapsed'
        when {{ recency_days }} > {{ multiples.active }} * {{ cadence_days }} then 'at_risk'
        when {{ purchases }} = 1 then 'new'
        when {{ last_gap_days }} > {{ multiples.at_risk }} * {{ cadence_days }} then 'reactivated'
        else 'active'
    end
{%- endmacro %}
