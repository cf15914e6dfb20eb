-- Every product that the catalogue, an order line, an event or a review names.
with

products as (

    select * from {{ ref("dovecote", "stg_products") }}

),

named as (

    select product_id from products

    union

    select product_id from {{ ref("dovecote", "stg_order_items") }}

    union

    select product_id from {{ ref("dovecote", "stg_events") }}
    where product_id is not null

    union

    select product_id from {{ ref("dovecote", "stg_reviews") }}
    where product_id is not null

),

final as (

    select
        named.product_id,
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
        products.product_id is not null as is_in_catalogue,
        products.x_columns
    from named
    left join products
        on named.product_id = products.product_id

)

select * from final
