-- Do newer customers stay better than older ones?
-- Read down a column: each is the share of a month's new buyers who bought in that month after. Null: not over yet.
with

retention as (

    select * from {{ ref("dovecote", "mart_retention") }}
    where
        activity = 'order'
        and entry = 'first_time'
        and return_rule = 'on'
        and clock = 'calendar'
        and grain = 'month'
        and breakdown = 'none'

),

final as (

    select
        cohort_start as cohort_month,
        max(cohort_size) as customers,
        max(case when period_index = 1 then retention_rate end) as month_1,
        max(case when period_index = 2 then retention_rate end) as month_2,
        max(case when period_index = 3 then retention_rate end) as month_3,
        max(case when period_index = 6 then retention_rate end) as month_6
    from retention
    group by cohort_start

)

select * from final
order by cohort_month asc
