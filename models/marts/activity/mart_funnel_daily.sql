-- A session is in a step's sequence when it passed every step before it, each not earlier than the last.
{% set steps = dovecote.funnel_steps() -%}

with

sessions as (

    select * from {{ ref("dovecote", "int_activity__sessions") }}

),

sequenced as (

    select
        {%- for step in steps %}
        has_{{ step }},
        {{ dovecote.has_funnel_up_to(step) }} as is_in_sequence_{{ step }},
        {%- endfor %}
        session_date,
        person_id
    from sessions

),

counted as (
    {% for step in steps %}
    select
        session_date as activity_date,
        '{{ step }}' as step,
        {{ loop.index }} as step_number,
        count(*) as all_sessions,
        count(*) filter (where has_{{ step }}) as sessions,
        count(*) filter (where coalesce(is_in_sequence_{{ step }}, false)) as sessions_in_sequence,
        count(distinct case when has_{{ step }} then person_id end) as persons
    from sequenced
    group by session_date
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        *,
        lag(sessions_in_sequence) over (partition by activity_date order by step_number) as previous_sessions,
        first_value(sessions_in_sequence) over (partition by activity_date order by step_number) as first_sessions
    from counted

),

final as (

    select
        activity_date,
        step,
        cast(step_number as integer) as step_number,
        cast(all_sessions as bigint) as all_sessions,
        cast(sessions as bigint) as sessions,
        cast(sessions_in_sequence as bigint) as sessions_in_sequence,
        cast(persons as bigint) as persons,
        {{ dovecote.ratio("sessions_in_sequence", "coalesce(previous_sessions, all_sessions)") }} as step_rate,
        {{ dovecote.ratio("sessions_in_sequence", "first_sessions") }} as rate_from_first_step
    from compared

)

select * from final
