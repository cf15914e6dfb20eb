{{ config(materialized="sliced_table", slice_key="person_id", slice_of="int_core__changed_people") }}
{%- set changed_people = ref("dovecote", "int_core__changed_people") %}
{%- set steps = dovecote.session_steps() %}

with

session_events as (

    select * from {{ ref("dovecote", "int_activity__session_events") }}
    where {{ dovecote.is_in_slice("person_id", changed_people, "person_id") }}

),

sessions as (

    select
        first_event_id,
        person_id,
        session_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        max(case when event_id = first_event_id then channel end) as channel,
        max(case when event_id = first_event_id then device end) as device,
        max(case when event_id = first_event_id then page_path end) as landing_page,
        max(case when event_id = first_event_id then referrer end) as referrer,
        min(is_anonymous) as is_anonymous,
        count(*) as events,
        count(*) filter (where event_type = 'view') as views
        {%- for step in steps %},
        min(case when event_type = '{{ step }}' then occurred_at end) as {{ step }}_at
        {%- endfor %},
        max(case when event_type = 'purchase' then occurred_at end) as last_purchase_at
    from session_events
    group by first_event_id, person_id, session_id

),

timed as (

    select
        *,
        {{ dovecote.microseconds_between("started_at", "ended_at") }} / 1000000.0 as duration_seconds
    from sessions

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
        channel,
        device,
        landing_page,
        referrer
    from timed

)

select * from final
