-- What goes with the products that sell most.
with

products as (

    select
        product_id,
        coalesce(product_name, product_id) as product,
        category,
        row_number() over (order by orders desc nulls last, product_id) as sales_rank
    from dim_products

)

select
    products.product_id,
    products.product,
    products.category,
    similarities.position,
    coalesce(similar_products.product, similarities.similar_product_id) as similar_product,
    similarities.score,
    similarities.lift,
    similarities.co_buyers,
    similarities.method_name
from mart_item_similarities as similarities
inner join products
    on similarities.product_id = products.product_id
left join products as similar_products
    on similarities.similar_product_id = similar_products.product_id
where products.sales_rank <= 150 and similarities.is_available
qualify row_number() over (partition by similarities.product_id order by similarities.position) <= 10
order by products.sales_rank, similarities.position
