{{ config(
    materialized="summed_table", sum_keys=["session_date"],
    sums_with={"int_activity__sessions": ["person_id", "session_date"]}
) }}
{%- set steps = dovecote.funnel_steps() %}

-- A session is in a step's sequence when it passed every step before it, each not earlier than the last.
with

sessions as (

    select * from {{ dovecote.counted_with_others("int_activity__sessions") }}

),

final as (

    select
        session_date,
        {%- for step in steps %}
        count(*) filter (where has_{{ step }}) as {{ step }}_sessions,
        cast(
            sum(case when {{ dovecote.has_funnel_up_to(step) }} then 1 else 0 end) as bigint
        ) as {{ step }}_sessions_in_sequence,
        count(distinct case when has_{{ step }} then person_id end) as {{ step }}_persons,
        {%- endfor %}
        count(*) as sessions,
        count(*) filter (where is_engaged) as engaged_sessions,
        cast(sum({{ dovecote.microseconds_between("started_at", "ended_at") }}) as bigint) as session_microseconds
    from sessions
    group by session_date

)

select * from final
