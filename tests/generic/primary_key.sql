{#
    Fails with the keys that are null or stand for more than one row, and with each rule that does not hold: the number
    of rows that break it, and the key of one of them. A rule that is null is broken. Of a history only the latest run's
    keys are looked at: those of earlier ones were then, and have not changed.
#}
{% test primary_key(model, columns, rules={}, is_of_latest_run=false) %}
    {{ config(store_failures_as="view") }}

    {%- set key -%}
        {%- for column in columns -%}
            '{{ ", " if not loop.first }}{{ column }}: ' || coalesce(cast({{ column }} as string), 'null'){{ " || " if not loop.last }}
        {%- endfor -%}
    {%- endset %}

    with failing_keys as (

        select
            {{ columns | join(", ") }},
            count(*) as failing_rows
        from {{ model }}
        {%- if is_of_latest_run %}
        where run_started_at = (select max(run_started_at) from {{ model }})
        {%- endif %}
        group by {{ columns | join(", ") }}
        having count(*) > 1
            {%- for column in columns %}
            or {{ column }} is null
            {%- endfor %}

    ){% if rules %},

    counted as (

        select
            {%- for name, condition in rules.items() %}
            count(*) filter (where not coalesce({{ condition }}, false)) as {{ name }},
            max(case when not coalesce({{ condition }}, false) then {{ key }} end) as {{ name }}_key{{ "," if not loop.last }}
            {%- endfor %}
        from {{ model }}

    ){% endif %}

    select
        'primary_key' as rule_name,
        failing_rows,
        {{ key }} as failing_key
    from failing_keys
    {%- for name in rules %}

    union all

    select
        '{{ name }}' as rule_name,
        {{ name }} as failing_rows,
        {{ name }}_key as failing_key
    from counted
    where {{ name }} > 0
    {%- endfor %}
{% endtest %}
