{# Whether a customer stayed away for a whole horizon after a cut-off. #}
{% macro is_churned(next_activity_date, cutoff_date, horizon_days) -%}
    coalesce({{ next_activity_date }} > {{ dovecote.date_plus_days(cutoff_date, horizon_days) }}, true)
{%- endmacro %}
