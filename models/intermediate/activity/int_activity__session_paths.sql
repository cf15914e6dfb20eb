{{ config(materialized="sliced_table", slice_key="person_id", slice_of="int_core__changed_people") }}
{%- set changed_people = ref("dovecote", "int_core__changed_people") %}

-- The order in which a session's kinds of event follow each other: a run of one kind is one step.
with

steps as (

    select * from {{ ref("dovecote", "int_activity__session_events") }}
    where
        is_step
        and {{ dovecote.is_in_slice("person_id", changed_people, "person_id") }}

),

final as (

    select
        {{ dovecote.session_key("first_event_id") }} as session_key,
        person_id,
        {{ dovecote.first_joined("event_type", "event_number", var("dovecote_event_paths_steps"), " > ") }} as path,
        least(count(*), {{ var("dovecote_event_paths_steps") }}) as steps
    from steps
    group by first_event_id, person_id

)

select * from final
