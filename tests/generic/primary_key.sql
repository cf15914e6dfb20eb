{#
    Fails with the keys that are null or stand for more than one row. Of a history only the latest run's rows are looked
    at: those of earlier ones were then, and have not changed.
#}
{% test primary_key(model, columns, is_of_latest_run=false) %}
    {{ config(store_failures_as="view") }}

    select
        {{ columns | join(", ") }},
        count(*) as rows_with_key
    from {{ model }}
    {%- if is_of_latest_run %}
    where run_started_at = (select max(run_started_at) from {{ model }})
    {%- endif %}
    group by {{ columns | join(", ") }}
    having count(*) > 1
        {%- for column in columns %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
