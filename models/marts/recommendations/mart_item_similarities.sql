with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

by_buyers as (

    select page_neighbours.*
    from {{ ref("dovecote", "int_recommendations__page_neighbours") }} as page_neighbours
    inner join run
        on page_neighbours.cutoff_date = run.as_of_date

),

by_content as (

    select * from {{ ref("dovecote", "ml_recommendations__content_similarities") }}

),

product_facts as (

    select product_facts.*
    from {{ ref("dovecote", "int_recommendations__product_facts") }} as product_facts
    inner join run
        on product_facts.cutoff_date = run.as_of_date

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

neighbours as (

    select
        product_number,
        similar_product_number,
        0 as fallback_level,
        position,
        score,
        method_name,
        cosine,
        lift,
        co_buyers
    from by_buyers

    union all

    select
        by_content.product_number,
        by_content.similar_product_number,
        1 as fallback_level,
        by_content.position,
        by_content.score,
        by_content.method_name,
        cast(null as double) as cosine,
        cast(null as double) as lift,
        cast(null as bigint) as co_buyers
    from by_content
    left join by_buyers
        on
            by_content.product_number = by_buyers.product_number
            and by_content.similar_product_number = by_buyers.similar_product_number
    where by_buyers.product_number is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by product_number order by fallback_level asc, position asc
        ) as page_position
    from neighbours

),

versions as (

    select * from {{ ref("dovecote", "int_recommendations__model_version") }}

),

final as (

    select
        cast(products.product_id as string) as product_id,
        cast(ranked.page_position as integer) as position,
        cast(similar_products.product_id as string) as similar_product_id,
        cast(ranked.score as double) as score,
        cast(ranked.method_name as string) as method_name,
        cast(ranked.cosine as double) as cosine,
        cast(ranked.lift as double) as lift,
        cast(ranked.co_buyers as bigint) as co_buyers,
        product_facts.is_candidate as is_available,
        cast(versions.model_version as string) as model_version
    from ranked
    cross join versions
    inner join products
        on ranked.product_number = products.product_number
    inner join products as similar_products
        on ranked.similar_product_number = similar_products.product_number
    inner join product_facts
        on ranked.similar_product_number = product_facts.product_number
    where ranked.page_position <= {{ dovecote.neighbours_per_product() }}

)

select * from final
