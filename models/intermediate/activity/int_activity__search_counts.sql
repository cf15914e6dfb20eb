{{ config(materialized="summed_table", sum_keys=["search_term"]) }}

with

searches as (

    select * from {{ dovecote.counted("int_activity__session_events") }}
    where event_type = 'search' and search_term is not null

),

sessions as (

    select * from {{ dovecote.counted("int_activity__sessions") }}

),

final as (

    select
        searches.search_term,
        count(*) as searches,
        count(distinct searches.person_id) as persons,
        count(searches.result_count) as answered_searches,
        count(*) filter (where searches.result_count = 0) as searches_without_result,
        count(*) filter (where sessions.last_purchase_at >= searches.occurred_at) as searches_before_purchase
    from searches
    inner join sessions
        on {{ dovecote.session_key("searches.first_event_id") }} = sessions.session_key
    group by searches.search_term

)

select * from final
