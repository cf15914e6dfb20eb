-- Empty unless a build computes changes alone: from when on the events of a person with the same session_id, or with
-- none, may be in other sessions than in the last build.
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

-- An input session_id makes one session of all its events; other sessions may be joined across the gap before.
reaching_back as (

    select
        *,
        case
            when session_id is null then {{ dovecote.session_gap_before("changed_at") }}
            else timestamp '0001-01-01 00:00:00'
        end as reaching_to
    from first_changes

),

last_sessions as (

    {% if dovecote.scope() == "changes" -%}
    {#- no ref: sessions rest on this model, and are still those of the last build -#}
    select
        person_id,
        session_id,
        started_at,
        ended_at
    from {{ dovecote.relation_of(graph.nodes["model.dovecote.int_activity__sessions"]) }}
    {%- else -%}
    select
        person_id,
        session_id,
        changed_at as started_at,
        changed_at as ended_at
    from first_changes
    {%- endif %}

),

final as (

    select
        reaching_back.person_id,
        reaching_back.session_id,
        least(reaching_back.changed_at, min(last_sessions.started_at)) as changed_from
    from reaching_back
    left join last_sessions
        on
            reaching_back.person_id = last_sessions.person_id
            and reaching_back.session_id is not distinct from last_sessions.session_id
            and reaching_back.reaching_to <= last_sessions.ended_at
    group by reaching_back.person_id, reaching_back.session_id, reaching_back.changed_at

)

select * from final
