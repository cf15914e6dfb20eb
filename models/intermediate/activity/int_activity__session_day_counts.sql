{{ config(materialized="summed_table", sum_keys=["session_date"]) }}
{%- set steps = dovecote.funnel_steps() %}

-- A session is in a step's sequence when it passed every step before it, each not earlier than the last.
with

sessions as (

    select * from {{ dovecote.counted("int_activity__sessions") }}

),

final as (

    select
        session_date,
        count(*) as sessions,
        count(*) filter (where is_engaged) as engaged_sessions,
        cast(sum({{ dovecote.microseconds_between("started_at", "ended_at") }}) as bigint) as session_microseconds
        {%- for step in steps %},
        count(*) filter (where has_{{ step }}) as {{ step }}_sessions,
        count(*) filter (where coalesce({{ dovecote.has_funnel_up_to(step) }}, false)) as {{ step }}_sessions_in_sequence,
        count(distinct case when has_{{ step }} then person_id end) as {{ step }}_persons
        {%- endfor %}
    from sessions
    group by session_date

)

select * from final
