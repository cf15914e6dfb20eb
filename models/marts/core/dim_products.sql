with

products as (

    select * from {{ ref("dovecote", "int_core__products") }}

),

ratings as (

    select
        product_id,
        count(rating) as ratings,
        avg(cast(rating as double)) as avg_rating
    from {{ ref("dovecote", "stg_reviews") }}
    group by product_id

),

sales as (

    select
        product_id,
        min(ordered_at) as first_sold_at,
        max(ordered_at) as last_sold_at,
        sum(quantity) as units_sold
    from {{ ref("dovecote", "int_core__order_items") }}
    where is_purchase
    group by product_id

),

order_counts as (

    select * from {{ ref("dovecote", "int_core__product_order_counts") }}

),

final as (

    select
        products.product_id,
        products.product_name,
        products.description,
        products.attributes,
        products.category,
        products.brand,
        products.list_price,
        products.unit_cost,
        products.launched_at,
        products.is_active,
        products.stock_units,
        products.is_in_catalogue,
        sales.first_sold_at,
        sales.last_sold_at,
        cast(coalesce(order_counts.orders, 0) as bigint) as orders,
        cast(coalesce(sales.units_sold, 0) as decimal(38, 4)) as units_sold,
        cast(coalesce(ratings.ratings, 0) as bigint) as ratings,
        cast(ratings.avg_rating as double) as avg_rating,
        products.x_columns
    from products
    left join sales
        on products.product_id = sales.product_id
    left join order_counts
        on products.product_id = order_counts.product_id
    left join ratings
        on products.product_id = ratings.product_id

)

select * from final
