-- The best of each customer's scored products, list by list.
with

scored_lists as (

    select * from {{ ref("dovecote", "ml_recommendations__scored_lists") }}

),

product_facts as (

    select * from {{ ref("dovecote", "int_recommendations__product_facts") }}

),

final as (

    select
        scored_lists.*,
        product_facts.category
    from scored_lists
    inner join product_facts
        on
            scored_lists.cutoff_date = product_facts.cutoff_date
            and scored_lists.product_number = product_facts.product_number

)

select * from final
