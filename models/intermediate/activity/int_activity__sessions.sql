-- Events of a person joined into sessions. An input session_id wins; the other events of the person part
-- where nothing happened for longer than the session gap.
{% set steps = dovecote.session_steps() -%}

with

events as (

    select * from {{ ref("dovecote", "int_core__events") }}
    where person_id is not null and not is_excluded

),

gaps as (

    select
        *,
        lag(occurred_at) over (
            partition by person_id, session_id
            order by occurred_at, event_id
        ) as previous_at
    from events

),

numbered as (

    select
        *,
        sum(
            case
                when previous_at is null then 1
                when session_id is null
                    and {{ dovecote.microseconds_between("previous_at", "occurred_at") }} > 60000000 * {{ var("dovecote_session_gap_minutes") }}
                    then 1
                else 0
            end
        ) over (
            partition by person_id, session_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from gaps

),

sessions as (

    select
        person_id,
        session_id,
        session_number,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ dovecote.first_by("event_id", ["occurred_at", "event_id"]) }} as first_event_id,
        {{ dovecote.first_by("coalesce(channel, '')", ["occurred_at", "event_id"]) }} as channel,
        {{ dovecote.first_by("coalesce(device, '')", ["occurred_at", "event_id"]) }} as device,
        {{ dovecote.first_by("coalesce(page_path, '')", ["occurred_at", "event_id"]) }} as landing_page,
        {{ dovecote.first_by("coalesce(referrer, '')", ["occurred_at", "event_id"]) }} as referrer,
        min(is_anonymous) as is_anonymous,
        count(*) as events,
        count(*) filter (where event_type = 'view') as views
        {%- for step in steps %},
        min(case when event_type = '{{ step }}' then occurred_at end) as {{ step }}_at
        {%- endfor %}
    from numbered
    group by person_id, session_id, session_number

),

timed as (

    select
        *,
        {{ dovecote.microseconds_between("started_at", "ended_at") }} / 1000000.0 as duration_seconds
    from sessions

),

final as (

    select
        md5(first_event_id) as session_key,
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
        nullif(channel, '') as channel,
        nullif(device, '') as device,
        nullif(landing_page, '') as landing_page,
        nullif(referrer, '') as referrer
    from timed

)

select * from final
