with

search_counts as (

    select * from {{ ref("dovecote", "int_activity__search_counts") }}

),

final as (

    select
        search_term as term,
        cast(searches as bigint) as searches,
        cast(persons as bigint) as persons,
        {{ dovecote.ratio("searches_without_result", "answered_searches") }} as zero_result_share,
        cast(searches_before_purchase as bigint) as purchases_after,
        {{ dovecote.ratio("searches_before_purchase", "searches") }} as purchase_rate
    from search_counts

)

select * from final
