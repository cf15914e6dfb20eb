-- A person is active from a day on which it did something to the end of the window behind that day. Its
-- windows are cut where the next one starts, so that a running sum of starts less ends counts persons once.
with

person_days as (

    select * from {{ ref("dovecote", "int_activity__person_days") }}

),

sessions as (

    select
        session_date,
        count(*) as sessions,
        count(*) filter (where is_engaged) as engaged_sessions,
        avg(duration_seconds) as avg_session_seconds
    from {{ ref("dovecote", "int_activity__sessions") }}
    group by session_date

),

histories as (

    select
        activity,
        min(activity_date) as first_date
    from person_days
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

neighbours as (

    select
        activity,
        person_id,
        activity_date,
        lag(activity_date) over (partition by activity, person_id order by activity_date) as previous_date,
        lead(activity_date) over (partition by activity, person_id order by activity_date) as next_date
    from person_days

),

{% for window, days in [("wau", 7), ("mau", 30)] -%}
{{ window }}_changes as (

    select
        activity,
        activity_date,
        1 as persons
    from neighbours

    union all

    select
        activity,
        least(
            {{ dovecote.date_plus_days("activity_date", days) }},
            coalesce(next_date, {{ dovecote.date_plus_days("activity_date", days) }})
        ) as activity_date,
        -1 as persons
    from neighbours

),

{{ window }}_by_day as (

    select
        activity,
        activity_date,
        sum(persons) as persons
    from {{ window }}_changes
    group by activity, activity_date

),

{% endfor -%}

days as (

    select
        activity,
        activity_date,
        count(*) as dau,
        count(*) filter (where previous_date is null) as new_customers
    from neighbours
    group by activity, activity_date

),

counted as (

    select
        calendar.activity,
        calendar.activity_date,
        calendar.first_date,
        calendar.is_complete,
        coalesce(days.dau, 0) as dau,
        sum(coalesce(wau_by_day.persons, 0)) over up_to_day as wau,
        sum(coalesce(mau_by_day.persons, 0)) over up_to_day as mau,
        coalesce(days.new_customers, 0) as new_customers
    from calendar
    left join days
        on calendar.activity = days.activity and calendar.activity_date = days.activity_date
    left join wau_by_day
        on calendar.activity = wau_by_day.activity and calendar.activity_date = wau_by_day.activity_date
    left join mau_by_day
        on calendar.activity = mau_by_day.activity and calendar.activity_date = mau_by_day.activity_date
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
            when known.activity = 'visit' then cast(coalesce(sessions.sessions, 0) as bigint)
        end as sessions,
        case
            when known.activity = 'visit' then cast(coalesce(sessions.engaged_sessions, 0) as bigint)
        end as engaged_sessions,
        case when known.activity = 'visit' then cast(sessions.avg_session_seconds as double) end as avg_session_seconds,
        cast(known.new_customers as bigint) as new_customers,
        known.is_complete
    from known
    left join sessions
        on known.activity_date = sessions.session_date

)

select * from final
