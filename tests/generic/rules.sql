{# Fails with the name of each rule that does not hold and the number of rows that break it. A rule that is null is broken. #}
{% test rules(model, rules) %}
    {{ config(store_failures_as="view") }}

    with counted as (

        select
            {%- for name, condition in rules.items() %}
            count(*) filter (where not coalesce({{ condition }}, false)) as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
        from {{ model }}

    ),

    rules as (
        {% for name in rules %}
        select
            '{{ name }}' as rule_name,
            {{ name }} as failing_rows
        from counted
        {{ "union all" if not loop.last }}
        {%- endfor %}

    )

    select * from rules
    where failing_rows > 0
{% endtest %}
