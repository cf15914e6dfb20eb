{{ config(materialized="summed_table", sum_keys=["activity", "activity_date"]) }}

-- A person is active from a day on which it did something to the end of the window behind that day. Its windows are cut
-- where the next one starts, so that a running sum of starts less ends counts persons once.
with

person_days as (

    select * from {{ dovecote.counted("int_activity__person_days") }}

),

starts as (

    select
        activity,
        activity_date,
        count(*) as active_persons,
        count(*) filter (where previous_activity_date is null) as new_persons
    from person_days
    group by activity, activity_date

),

changes as (

    select
        activity,
        activity_date,
        active_persons,
        new_persons,
        active_persons as change_of_7_days,
        active_persons as change_of_30_days
    from starts
    {%- for days in [7, 30] %}

    union all

    select
        activity,
        least(
            {{ dovecote.date_plus_days("activity_date", days) }},
            coalesce(next_activity_date, {{ dovecote.date_plus_days("activity_date", days) }})
        ) as activity_date,
        0 as active_persons,
        0 as new_persons,
        {{ "-count(*)" if days == 7 else 0 }} as change_of_7_days,
        {{ "-count(*)" if days == 30 else 0 }} as change_of_30_days
    from person_days
    group by 1, 2
    {%- endfor %}

),

final as (

    select
        activity,
        activity_date,
        cast(sum(active_persons) as bigint) as active_persons,
        cast(sum(new_persons) as bigint) as new_persons,
        cast(sum(change_of_7_days) as bigint) as change_of_7_days,
        cast(sum(change_of_30_days) as bigint) as change_of_30_days
    from changes
    group by activity, activity_date

)

select * from final
