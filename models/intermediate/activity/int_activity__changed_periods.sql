-- Empty unless a build computes changes alone: the weeks and months that hold changed days of a person.
with

changed_days as (

    select * from {{ ref("dovecote", "int_activity__changed_days") }}

),

final as (
    {% for grain in ["week", "month"] %}
    select distinct
        person_id,
        '{{ grain }}' as grain,
        {{ dovecote.period_start(grain, "activity_date") }} as period_start
    from changed_days
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select * from final
