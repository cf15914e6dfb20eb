{{ config(materialized="summed_table", sums_people=true, sum_keys=["activity", "cohort_date"]) }}

-- Who came first on a day, and who of them came back. Nothing here knows as_of, so that counts of some people can be
-- added to those of others.
with

person_days as (

    select * from {{ dovecote.counted("int_activity__person_days") }}

),

first_days as (

    select
        activity,
        person_id,
        min(activity_date) as cohort_date
    from person_days
    where first_entry_at is not null
    group by activity, person_id

),

returns as (

    select
        first_days.activity,
        first_days.person_id,
        first_days.cohort_date,
        {%- for days in [1, 7] %}
        count(*) filter (
            where {{ dovecote.days_between("first_days.cohort_date", "person_days.activity_date") }} = {{ days }}
        ) > 0 as is_back_on_day_{{ days }},
        {%- endfor %}
        count(*) filter (
            where {{ dovecote.periods_between("month", "first_days.cohort_date", "person_days.activity_date") }} = 1
        ) > 0 as is_back_in_month_1
    from first_days
    inner join person_days
        on
            first_days.activity = person_days.activity
            and first_days.person_id = person_days.person_id
    group by first_days.activity, first_days.person_id, first_days.cohort_date

),

final as (

    select
        activity,
        cohort_date,
        count(*) as cohort_size,
        count(*) filter (where is_back_on_day_1) as back_on_day_1,
        count(*) filter (where is_back_on_day_7) as back_on_day_7,
        count(*) filter (where is_back_in_month_1) as back_in_month_1
    from returns
    group by activity, cohort_date

)

select * from final
