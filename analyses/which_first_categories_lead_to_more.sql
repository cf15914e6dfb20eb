-- What did those buy first who came back?
-- A customer counts in every category of the first order. Small known_customers say little.
with

orders as (

    select * from {{ ref("dovecote", "fct_orders") }}
    where order_number = 1

),

order_items as (

    select * from {{ ref("dovecote", "fct_order_items") }}

),

products as (

    select * from {{ ref("dovecote", "dim_products") }}

),

second_orders as (

    select * from {{ ref("dovecote", "mart_second_orders") }}

),

first_categories as (

    select distinct
        orders.customer_id,
        coalesce(products.category, 'unknown') as category
    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    left join products
        on order_items.product_id = products.product_id

),

final as (

    select
        first_categories.category,
        count(*) as customers,
        count(second_orders.is_repeated_60d) as known_customers,
        {{ dovecote.ratio(
            "count(*) filter (where second_orders.is_repeated_60d)", "count(second_orders.is_repeated_60d)"
        ) }} as repeat_rate_60d
    from first_categories
    inner join second_orders
        on first_categories.customer_id = second_orders.customer_id
    group by first_categories.category

)

select * from final
order by repeat_rate_60d desc nulls last, category asc
