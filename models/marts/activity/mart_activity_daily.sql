with

day_counts as (

    select * from {{ ref("dovecote", "int_activity__day_counts") }}

),

session_day_counts as (

    select * from {{ ref("dovecote", "int_activity__session_day_counts") }}

),

histories as (

    select
        activity,
        min(activity_date) as first_date
    from day_counts
    group by activity

),

calendar as (

    select
        histories.activity,
        histories.first_date,
        periods.period_start as activity_date,
        periods.is_complete
    from histories
    inner join {{ ref("dovecote", "int_core__periods") }} as periods
        on histories.first_date <= periods.period_start
    where periods.grain = 'day'

),

counted as (

    select
        calendar.activity,
        calendar.activity_date,
        calendar.first_date,
        calendar.is_complete,
        coalesce(day_counts.active_persons, 0) as dau,
        sum(coalesce(day_counts.change_of_7_days, 0)) over up_to_day as wau,
        sum(coalesce(day_counts.change_of_30_days, 0)) over up_to_day as mau,
        coalesce(day_counts.new_persons, 0) as new_customers
    from calendar
    left join day_counts
        on calendar.activity = day_counts.activity and calendar.activity_date = day_counts.activity_date
    window up_to_day as (
        partition by calendar.activity
        order by calendar.activity_date
        rows between unbounded preceding and current row
    )

),

known as (

    select
        *,
        case when {{ dovecote.days_between("first_date", "activity_date") }} >= 6 then wau end as known_wau,
        case when {{ dovecote.days_between("first_date", "activity_date") }} >= 29 then mau end as known_mau
    from counted

),

final as (

    select
        known.activity_date,
        known.activity,
        cast(known.dau as bigint) as dau,
        cast(known.known_wau as bigint) as wau,
        cast(known.known_mau as bigint) as mau,
        {{ dovecote.ratio("known.dau", "known.known_mau") }} as stickiness,
        case
            when known.activity = 'visit' then cast(coalesce(session_day_counts.sessions, 0) as bigint)
        end as sessions,
        case
            when known.activity = 'visit' then cast(coalesce(session_day_counts.engaged_sessions, 0) as bigint)
        end as engaged_sessions,
        case
            when known.activity = 'visit'
                then {{ dovecote.ratio(
                    "session_day_counts.session_microseconds / 1000000.0", "session_day_counts.sessions"
                ) }}
        end as avg_session_seconds,
        cast(known.new_customers as bigint) as new_customers,
        known.is_complete
    from known
    left join session_day_counts
        on known.activity_date = session_day_counts.session_date

)

select * from final
