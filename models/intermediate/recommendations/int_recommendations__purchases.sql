-- A product counts once in an order, whatever the quantity and however many its lines.
with

order_items as (

    select * from {{ ref("dovecote", "int_core__order_items") }}
    where coalesce(quantity > 0, true)

),

orders as (

    select
        *,
        cast(row_number() over (order by order_id) as integer) as basket_number
    from {{ ref("dovecote", "int_core__dated_orders") }}

),

customers as (

    select * from {{ ref("dovecote", "int_recommendations__customers") }}

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

final as (

    select
        customers.customer_number,
        products.product_number,
        orders.basket_number,
        orders.ordered_at,
        orders.order_date,
        orders.cancelled_date,
        customers.known_from_date,
        cast(max(order_items.unit_price) as double) as unit_price
    from order_items
    inner join orders
        on order_items.order_id = orders.order_id
    inner join customers
        on orders.customer_id = customers.customer_id
    inner join products
        on order_items.product_id = products.product_id
    group by
        customers.customer_number,
        products.product_number,
        orders.basket_number,
        orders.ordered_at,
        orders.order_date,
        orders.cancelled_date,
        customers.known_from_date

)

select * from final
