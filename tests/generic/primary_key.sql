{# Fails with the keys that are null or stand for more than one row. #}
{% test primary_key(model, columns) %}
    {{ config(store_failures_as="view") }}

    select
        {{ columns | join(", ") }},
        count(*) as rows_with_key
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
        {%- for column in columns %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
