with

searches as (

    select * from {{ ref("dovecote", "int_activity__session_events") }}
    where event_type = 'search' and search_term is not null

),

sessions as (

    select * from {{ ref("dovecote", "int_activity__sessions") }}

),

followed as (

    select
        searches.search_term,
        searches.person_id,
        searches.result_count,
        coalesce(sessions.last_purchase_at >= searches.occurred_at, false) as is_followed_by_purchase
    from searches
    inner join sessions
        on {{ dovecote.session_key("searches.first_event_id") }} = sessions.session_key

),

final as (

    select
        search_term as term,
        cast(count(*) as bigint) as searches,
        cast(count(distinct person_id) as bigint) as persons,
        cast(
            count(*) filter (where result_count = 0) / cast(nullif(count(result_count), 0) as double) as double
        ) as zero_result_share,
        cast(count(*) filter (where is_followed_by_purchase) as bigint) as purchases_after,
        {{ dovecote.ratio("count(*) filter (where is_followed_by_purchase)", "count(*)") }} as purchase_rate
    from followed
    group by search_term

)

select * from final
