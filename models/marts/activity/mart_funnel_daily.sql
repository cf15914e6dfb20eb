with

session_day_counts as (

    select * from {{ ref("dovecote", "int_activity__session_day_counts") }}

),

counted as (
    {% for step in dovecote.funnel_steps() %}
    select
        session_date as activity_date,
        '{{ step }}' as step,
        {{ loop.index }} as step_number,
        sessions as all_sessions,
        {{ step }}_sessions as sessions,
        {{ step }}_sessions_in_sequence as sessions_in_sequence,
        {{ step }}_persons as persons
    from session_day_counts
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
