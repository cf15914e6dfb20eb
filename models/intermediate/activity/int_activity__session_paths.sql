-- The order in which a session's kinds of event follow each other: a run of one kind is one step.
with

session_events as (

    select * from {{ ref("dovecote", "int_activity__session_events") }}

),

placed as (

    select
        *,
        lag(event_type) over (partition by session_key order by occurred_at, event_id) as previous_type
    from session_events

),

steps as (

    select
        *,
        row_number() over (partition by session_key order by occurred_at, event_id) as step_number
    from placed
    where previous_type is null or previous_type <> event_type

),

final as (

    select
        session_key,
        {{ dovecote.joined_in_order("event_type", ["step_number"], " > ") }} as path,
        count(*) as steps
    from steps
    where step_number <= {{ var("dovecote_event_paths_steps") }}
    group by session_key

)

select * from final
