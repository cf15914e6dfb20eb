{% set steps = dovecote.session_steps() -%}

with

session_events as (

    select * from {{ ref("dovecote", "int_activity__session_events") }}

),

sessions as (

    select
        session_key,
        person_id,
        session_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ dovecote.first_by("coalesce(channel, '')", ["occurred_at", "event_id"]) }} as channel,
        {{ dovecote.first_by("coalesce(device, '')", ["occurred_at", "event_id"]) }} as device,
        {{ dovecote.first_by("coalesce(page_path, '')", ["occurred_at", "event_id"]) }} as landing_page,
        {{ dovecote.first_by("coalesce(referrer, '')", ["occurred_at", "event_id"]) }} as referrer,
        min(is_anonymous) as is_anonymous,
        count(*) as events,
        count(*) filter (where event_type = 'view') as views
        {%- for step in steps %},
        min(case when event_type = '{{ step }}' then occurred_at end) as {{ step }}_at
        {%- endfor %},
        max(case when event_type = 'purchase' then occurred_at end) as last_purchase_at
    from session_events
    group by session_key, person_id, session_id

),

timed as (

    select
        *,
        {{ dovecote.microseconds_between("started_at", "ended_at") }} / 1000000.0 as duration_seconds
    from sessions

),

final as (

    select
        session_key,
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
        nullif(channel, '') as channel,
        nullif(device, '') as device,
        nullif(landing_page, '') as landing_page,
        nullif(referrer, '') as referrer
    from timed

)

select * from final
