{{ config(materialized="sliced_table", slice_key="person_id", slice_of="int_core__changed_people") }}
{%- set changed_people = ref("dovecote", "int_core__changed_people") %}

-- Events of persons, each in its session. An input session_id wins; the other events of the person part where
-- nothing happened for longer than the session gap.
with

events as (

    select * from {{ ref("dovecote", "int_core__events") }}
    where
        person_id is not null
        and not is_excluded
        and {{ dovecote.is_in_slice("person_id", changed_people, "person_id") }}

),

started as (

    select
        *,
        lag(occurred_at) over session_so_far is null
        or (
            session_id is null
            and {{ dovecote.microseconds_between("lag(occurred_at) over session_so_far", "occurred_at") }}
            > 60000000 * {{ var("dovecote_session_gap_minutes") }}
        ) as is_start,
        lag(event_type) over session_so_far as previous_type
    from events
    window session_so_far as (partition by person_id, session_id order by occurred_at, event_id)

),

final as (

    select
        {{ dovecote.last_known("case when is_start then event_id end") }} over so_far as first_event_id,
        is_start or previous_type <> event_type as is_step,
        count(*) over so_far as event_number,
        person_id,
        session_id,
        event_id,
        occurred_at,
        event_type,
        is_anonymous,
        channel,
        device,
        page_path,
        referrer,
        search_term,
        result_count
    from started
    window so_far as (
        partition by person_id, session_id
        order by occurred_at, event_id
        rows between unbounded preceding and current row
    )

)

select * from final
