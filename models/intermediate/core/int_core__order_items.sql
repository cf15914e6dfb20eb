-- Every accepted order line, in the reporting currency, with a key of its own: lines without an
-- order_item_id are numbered within their order by what they hold, so that their arrival does not matter.
with

order_items as (

    select * from {{ ref("dovecote", "stg_order_items") }}

),

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}

),

products as (

    select * from {{ ref("dovecote", "stg_products") }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by order_id, order_item_id is null
            order by
                product_id,
                quantity nulls first,
                unit_price nulls first,
                discount_amount nulls first,
                unit_cost nulls first
        ) as line_number
    from order_items

),

final as (

    select
        coalesce(
            'id:' || numbered.order_item_id,
            'line:' || numbered.order_id || ':' || numbered.line_number
        ) as order_item_key,
        numbered.order_item_id,
        numbered.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        numbered.product_id,
        products.category,
        numbered.quantity,
        cast(numbered.unit_price * orders.rate_to_reporting as decimal(18, 4)) as unit_price,
        cast(coalesce(numbered.discount_amount, 0) * orders.rate_to_reporting as decimal(18, 4)) as discount_amount,
        cast(
            coalesce(numbered.unit_cost, products.unit_cost) * orders.rate_to_reporting as decimal(18, 4)
        ) as unit_cost,
        coalesce(orders.is_purchase, false) as is_purchase,
        coalesce(orders.is_customer_purchase, false) as is_customer_purchase,
        orders.order_id is null as is_orphan,
        products.product_id is null as is_unknown_product
    from numbered
    left join orders
        on numbered.order_id = orders.order_id
    left join products
        on numbered.product_id = products.product_id

)

select * from final
