-- Empty unless a build computes changes alone: from when on the events of a person with the same session_id, or with
-- none, are other ones than in the last build.
with

changed_events as (

    select * from {{ ref("dovecote", "int_core__changed_actions") }}
    where is_event

),

final as (

    select
        person_id,
        session_id,
        min(occurred_at) as changed_at
    from changed_events
    group by person_id, session_id

)

select * from final
