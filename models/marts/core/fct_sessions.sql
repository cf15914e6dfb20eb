{{ config(materialized="view") }}
{#- a view: int_activity__sessions holds these rows already, and millions of them -#}

with

sessions as (

    select * from {{ dovecote.in_same_database(ref("dovecote", "int_activity__sessions")) }}

),

final as (

    select
        session_key,
        person_id,
        session_id,
        is_anonymous,
        started_at,
        ended_at,
        session_date,
        duration_seconds,
        cast(events as bigint) as events,
        cast(views as bigint) as views,
        is_engaged,
        {%- for step in dovecote.session_steps() %}
        has_{{ step }},
        {{ step }}_at,
        {%- endfor %}
        channel,
        device,
        landing_page,
        referrer
    from sessions

)

select * from final
