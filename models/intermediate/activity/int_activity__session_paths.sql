{{ config(materialized="sliced_table", slice_key="person_id", slice_of="int_core__changed_people") }}
{%- set changed_people = ref("dovecote", "int_core__changed_people") %}

-- The order in which a session's kinds of event follow each other: a run of one kind is one step.
with

session_events as (

    select * from {{ ref("dovecote", "int_activity__session_events") }}
    where {{ dovecote.is_in_slice("person_id", changed_people, "person_id") }}

),

placed as (

    select
        *,
        lag(event_type) over (partition by first_event_id order by occurred_at, event_id) as previous_type
    from session_events

),

steps as (

    select
        *,
        row_number() over (partition by first_event_id order by occurred_at, event_id) as step_number
    from placed
    where previous_type is null or previous_type <> event_type

),

final as (

    select
        {{ dovecote.session_key("first_event_id") }} as session_key,
        person_id,
        {{ dovecote.joined_in_order("event_type", ["step_number"], " > ") }} as path,
        count(*) as steps
    from steps
    where step_number <= {{ var("dovecote_event_paths_steps") }}
    group by first_event_id, person_id

)

select * from final
