-- Empty unless a build computes changes alone: from when on the events of a person with the same session_id, or with
-- none, are other ones than in the last build.
with

changed_events as (

    select * from {{ ref("dovecote", "int_core__changed_actions") }}
    where is_event

),

first_changes as (

    select
        person_id,
        session_id,
        min(occurred_at) as changed_at
    from changed_events
    group by person_id, session_id

),

-- An input session_id makes one session of all its events.
final as (

    select
        *,
        case
            when session_id is null then {{ dovecote.session_gap_before("changed_at") }}
            else timestamp '0001-01-01 00:00:00'
        end as sessions_changed_from
    from first_changes

)

select * from final
