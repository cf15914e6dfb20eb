with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

person_days as (

    select * from {{ ref("dovecote", "int_activity__person_days") }}

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
        count(*) filter (
            where {{ dovecote.days_between("first_days.cohort_date", "person_days.activity_date") }} = 1
        ) > 0 as is_back_on_day_1,
        count(*) filter (
            where {{ dovecote.days_between("first_days.cohort_date", "person_days.activity_date") }} = 7
        ) > 0 as is_back_on_day_7,
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

counted as (

    select
        activity,
        cohort_date,
        cast(
            {{ dovecote.date_plus_months(dovecote.period_start("month", "cohort_date"), 2) }} as timestamp
        ) as next_month_end,
        count(*) as cohort_size,
        count(*) filter (where is_back_on_day_1) as back_on_day_1,
        count(*) filter (where is_back_on_day_7) as back_on_day_7,
        count(*) filter (where is_back_in_month_1) as back_in_month_1
    from returns
    group by activity, cohort_date

),

final as (

    select
        counted.activity,
        counted.cohort_date,
        cast(counted.cohort_size as bigint) as cohort_size,
        {%- for days in [1, 7] %}
        case
            when cast({{ dovecote.date_plus_days("counted.cohort_date", days + 1) }} as timestamp) <= run.as_of_local
                then {{ dovecote.ratio("counted.back_on_day_" ~ days, "counted.cohort_size") }}
        end as d{{ days }}_rate,
        {%- endfor %}
        case
            when counted.next_month_end <= run.as_of_local
                then {{ dovecote.ratio("counted.back_in_month_1", "counted.cohort_size") }}
        end as m1_rate
    from counted
    cross join run

)

select * from final
