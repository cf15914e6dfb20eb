{{ config(
    materialized="summed_table", sum_keys=["search_term"],
    sums_with={"int_activity__searches": ["person_id", "search_term"]}
) }}

with

searches as (

    select * from {{ dovecote.counted_with_others("int_activity__searches") }}

),

final as (

    select
        search_term,
        count(*) as searches,
        count(distinct person_id) as persons,
        count(result_count) as answered_searches,
        count(*) filter (where result_count = 0) as searches_without_result,
        count(*) filter (where is_followed_by_purchase) as searches_before_purchase
    from searches
    group by search_term

)

select * from final
