{{ config(
    materialized="sliced_table", slice_key="person_id", slice_of="int_activity__changed_visits",
    slice_on=dovecote.is_changed_in_visit("sliced", "started_at"), unique_key="session_key", in_parts_of="int_core__events",
    stored_by_month_of="started_at"
) }}
{%- set all_events = dovecote.part_of("int_core__events") %}
{%- set read_events = dovecote.events_in_changed_visits(all_events) %}
{%- set steps = dovecote.session_steps() %}

-- An input session_id wins; the other events of a person part where nothing happened for longer than the session gap.
-- Only what tells sessions apart goes through windows; what else the first event says is fetched by its id.
with

events as {{ dovecote.not_materialized() if not dovecote.is_slice() }} (

    select * from {{ read_events }}
    where person_id is not null and not is_excluded

),

started as (

    select
        event_id,
        person_id,
        session_id,
        occurred_at,
        event_type,
        is_anonymous,
        lag(occurred_at) over session_so_far is null
        or (
            session_id is null
            and {{ dovecote.microseconds_between("lag(occurred_at) over session_so_far", "occurred_at") }}
            > 60000000 * {{ var("dovecote_session_gap_minutes") }}
        ) as is_start,
        lag(event_type) over session_so_far as previous_type
    from events
    window session_so_far as (partition by person_id, session_id order by occurred_at, event_id)

),

numbered as (

    select
        *,
        is_start or previous_type <> event_type as is_step,
        count(*) filter (where is_start) over so_far as session_number,
        count(*) over so_far as event_number
    from started
    window so_far as (
        partition by person_id, session_id
        order by occurred_at, event_id
        rows between unbounded preceding and current row
    )

),

sessions as (

    select
        person_id,
        session_id,
        max(case when is_start then event_id end) as first_event_id,
        min(is_anonymous) as is_anonymous,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as events,
        count(*) filter (where event_type = 'view') as views
        {%- for step in steps %},
        min(case when event_type = '{{ step }}' then occurred_at end) as {{ step }}_at
        {%- endfor %},
        max(case when event_type = 'purchase' then occurred_at end) as last_purchase_at,
        {{ dovecote.first_joined(
            "event_type", "event_number", var("dovecote_event_paths_steps"), " > ", "is_step"
        ) }} as path,
        least(count(*) filter (where is_step), {{ var("dovecote_event_paths_steps") }}) as path_steps
    from numbered
    group by person_id, session_id, session_number

),

timed as (

    select
        sessions.*,
        {{ dovecote.microseconds_between("sessions.started_at", "sessions.ended_at") }} / 1000000.0 as duration_seconds,
        first_events.channel,
        first_events.device,
        first_events.page_path as landing_page,
        first_events.referrer
    from sessions
    inner join events as first_events
        on sessions.first_event_id = first_events.event_id

),

final as (

    select
        {{ dovecote.session_key("first_event_id") }} as session_key,
        person_id,
        session_id,
        is_anonymous,
        started_at,
        ended_at,
        {{ dovecote.local_date("started_at") }} as session_date,
        cast(duration_seconds as double) as duration_seconds,
        events,
        views,
        {{ dovecote.is_engaged_session("views", "duration_seconds", "purchase_at is not null") }} as is_engaged,
        {%- for step in steps %}
        {{ step }}_at is not null as has_{{ step }},
        {{ step }}_at,
        {%- endfor %}
        last_purchase_at,
        path,
        path_steps,
        channel,
        device,
        landing_page,
        referrer
    from timed

)

select * from final
