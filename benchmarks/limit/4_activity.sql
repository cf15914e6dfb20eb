-- The days of a person with their neighbours: daily figures, growth and retention of visits rest on these.
create table active_days as
select
    activity,
    person_id,
    activity_date,
    first_at,
    last_at,
    first_value(activity_date) over history as first_date,
    first_value(first_at) over history as entered_at,
    lag(activity_date) over history as previous_date,
    lag(last_at) over history as previous_last_at,
    lead(activity_date) over history as next_date
from fct_customer_days
window history as (partition by activity, person_id order by activity_date);


-- How many persons were active on a day, by their first day: a cube small enough to count everything else from.
create table day_counts as
with placed as (

    select
        activity,
        first_date,
        activity_date,
        next_date,
        previous_date,
        date_trunc('week', activity_date) as week,
        date_trunc('week', previous_date) as previous_week,
        date_trunc('week', next_date) as next_week,
        date_trunc('month', activity_date) as month,
        date_trunc('month', previous_date) as previous_month,
        date_trunc('month', next_date) as next_month
    from active_days

)

select
    activity,
    first_date,
    activity_date,
    count(*) as persons,
    count(*) filter (where previous_week is distinct from week) as week_persons,
    count(*) filter (where previous_month is distinct from month) as month_persons,
    count(*) filter (where previous_date = activity_date - 1) as day_returning,
    count(*) filter (where previous_week = week - interval 7 days) as week_returning,
    count(*) filter (where previous_month = month - interval 1 month) as month_returning,
    count(*) filter (where next_date is null or next_date > activity_date + 1) as day_dormant,
    count(*) filter (where next_week is null or next_week > week + interval 7 days) as week_dormant,
    count(*) filter (where next_month is null or next_month > month + interval 1 month) as month_dormant,
    count(*) filter (where next_date is null) as last_days
from placed
group by activity, first_date, activity_date;


create table mart_activity_daily as
with starts as (

    select
        activity,
        activity_date,
        sum(persons) as dau,
        sum(case when first_date = activity_date then persons else 0 end) as new_customers
    from day_counts
    group by activity, activity_date

),

ends as (

    select
        activity,
        activity_date,
        least(next_date - activity_date, 30) as days_to_next,
        count(*) as persons
    from active_days
    group by all

),

-- A person counts from a day of activity to the end of the window behind it, or to the next such day.
changes as (

    select
        activity,
        activity_date,
        dau as weekly,
        dau as monthly
    from starts

    union all

    select
        activity,
        activity_date + cast(least(coalesce(days_to_next, 7), 7) as integer) as activity_date,
        -persons as weekly,
        0 as monthly
    from ends

    union all

    select
        activity,
        activity_date + cast(coalesce(days_to_next, 30) as integer) as activity_date,
        0 as weekly,
        -persons as monthly
    from ends

),

changes_by_day as (

    select
        activity,
        activity_date,
        sum(weekly) as weekly,
        sum(monthly) as monthly
    from changes
    group by activity, activity_date

),

sessions as (

    select
        session_date,
        count(*) as sessions,
        count(*) filter (where is_engaged) as engaged_sessions,
        avg(duration_seconds) as avg_session_seconds
    from fct_sessions
    group by session_date

),

counted as (

    select
        histories.activity,
        histories.first_date,
        periods.period_start as activity_date,
        periods.is_complete,
        coalesce(starts.dau, 0) as dau,
        coalesce(starts.new_customers, 0) as new_customers,
        sum(coalesce(changes_by_day.weekly, 0)) over up_to_day as wau,
        sum(coalesce(changes_by_day.monthly, 0)) over up_to_day as mau
    from (
        select
            activity,
            min(activity_date) as first_date
        from starts
        group by activity
    ) as histories
    inner join periods
        on histories.first_date <= periods.period_start and periods.grain = 'day'
    left join starts
        on histories.activity = starts.activity and periods.period_start = starts.activity_date
    left join changes_by_day
        on histories.activity = changes_by_day.activity and periods.period_start = changes_by_day.activity_date
    window up_to_day as (
        partition by histories.activity
        order by periods.period_start
        rows between unbounded preceding and current row
    )

),

known as (

    select
        * exclude (wau, mau),
        case when activity_date >= first_date + 6 then wau end as wau,
        case when activity_date >= first_date + 29 then mau end as mau
    from counted

)

select
    known.activity_date,
    known.activity,
    cast(known.dau as bigint) as dau,
    cast(known.wau as bigint) as wau,
    cast(known.mau as bigint) as mau,
    known.dau / cast(nullif(known.mau, 0) as double) as stickiness,
    case when known.activity = 'visit' then coalesce(sessions.sessions, 0) end as sessions,
    case when known.activity = 'visit' then coalesce(sessions.engaged_sessions, 0) end as engaged_sessions,
    sessions.avg_session_seconds,
    cast(known.new_customers as bigint) as new_customers,
    known.is_complete
from known
left join sessions
    on known.activity_date = sessions.session_date and known.activity = 'visit';


create table mart_funnel_daily as
with counted as (

    select
        session_date as activity_date,
        count(*) as all_sessions,
        [
            count(*) filter (where has_view),
            count(*) filter (where has_cart_add),
            count(*) filter (where has_checkout),
            count(*) filter (where has_purchase)
        ] as sessions,
        [
            count(*) filter (where has_view),
            count(*) filter (where cart_add_at >= view_at),
            count(*) filter (where cart_add_at >= view_at and checkout_at >= cart_add_at),
            count(*) filter (
                where cart_add_at >= view_at and checkout_at >= cart_add_at and purchase_at >= checkout_at
            )
        ] as sessions_in_sequence,
        [
            count(distinct case when has_view then person_id end),
            count(distinct case when has_cart_add then person_id end),
            count(distinct case when has_checkout then person_id end),
            count(distinct case when has_purchase then person_id end)
        ] as persons
    from fct_sessions
    group by session_date

),

steps as (

    select
        activity_date,
        unnest(['view', 'cart_add', 'checkout', 'purchase']) as step,
        unnest([1, 2, 3, 4]) as step_number,
        all_sessions,
        unnest(sessions) as sessions,
        unnest(sessions_in_sequence) as sessions_in_sequence,
        unnest(persons) as persons,
        unnest([all_sessions] || sessions_in_sequence[:3]) as previous_sessions,
        sessions_in_sequence[1] as first_sessions
    from counted

)

select
    activity_date,
    step,
    step_number,
    all_sessions,
    sessions,
    sessions_in_sequence,
    persons,
    sessions_in_sequence / cast(nullif(previous_sessions, 0) as double) as step_rate,
    sessions_in_sequence / cast(nullif(first_sessions, 0) as double) as rate_from_first_step
from steps;


create table mart_search_terms as
with searches as (

    select
        visits.search_term,
        visits.person_id,
        visits.result_count,
        coalesce(sessions.last_purchase_at >= visits.occurred_at, false) as is_followed_by_purchase
    from visits
    inner join fct_sessions as sessions
        on
            visits.person_id = sessions.person_id
            and visits.session_id is not distinct from sessions.session_id
            and visits.occurred_at between sessions.started_at and sessions.ended_at
    where visits.event_type = 'search' and visits.search_term is not null

)

select
    search_term as term,
    count(*) as searches,
    count(distinct person_id) as persons,
    count(*) filter (where result_count = 0) / cast(nullif(count(result_count), 0) as double) as zero_result_share,
    count(*) filter (where is_followed_by_purchase) as purchases_after,
    count(*) filter (where is_followed_by_purchase) / cast(count(*) as double) as purchase_rate
from searches
group by search_term;


create table mart_event_paths as
select
    path,
    cast(any_value(path_steps) as integer) as steps,
    count(*) as sessions,
    count(*) / cast(sum(count(*)) over () as double) as session_share,
    count(*) filter (where has_purchase) as sessions_with_purchase,
    count(*) filter (where has_purchase) / cast(count(*) as double) as purchase_rate
from fct_sessions
group by path
qualify row_number() over (order by count(*) desc, path asc) <= 100;
