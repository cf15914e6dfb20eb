{{ config(
    materialized="sliced_table", slice_key="person_id", slice_of="int_activity__changed_visits",
    slice_on=dovecote.is_changed_in_visit("sliced", "occurred_at"), unique_key="event_id"
) }}
{%- set read_events = dovecote.events_in_changed_visits(ref("dovecote", "int_core__events")) %}

-- Sessions of a person that share a session_id, or have none, never overlap.
with

searches as (

    select * from {{ read_events }}
    where
        event_type = 'search'
        and search_term is not null
        and person_id is not null
        and not is_excluded

),

sessions_with_purchase as (

    select * from {{ dovecote.made_rows("int_activity__sessions") }}
    where last_purchase_at is not null

),

final as (

    select
        searches.event_id,
        searches.person_id,
        searches.session_id,
        searches.occurred_at,
        searches.search_term,
        searches.result_count,
        coalesce(sessions.last_purchase_at >= searches.occurred_at, false) as is_followed_by_purchase
    from searches
    left join sessions_with_purchase as sessions
        on
            searches.person_id = sessions.person_id
            and coalesce(searches.session_id, '') = coalesce(sessions.session_id, '')
            and searches.occurred_at >= sessions.started_at
            and searches.occurred_at <= sessions.ended_at

)

select * from final
