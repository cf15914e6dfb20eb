{# Whether a customer stayed away until the end of a horizon. #}
{% macro is_churned(next_activity_date, horizon_end_date) -%}
    coalesce({{ next_activity_date }} > {{ horizon_end_date }}, true)
{%- endmacro %}
