-- Only events that named the customer themselves: which customer an anonymous visit belonged to is often known later.
with

events as (

    select * from {{ ref("dovecote", "int_core__events") }}
    where customer_id is not null and not is_excluded

),

orders as (

    select distinct
        customer_id,
        order_date
    from {{ ref("dovecote", "int_core__dated_orders") }}

),

days as (

    select
        customer_id,
        event_date as visit_date,
        max(occurred_at) as last_at,
        count(*) filter (where event_type = 'cart_add') > 0 as has_cart,
        count(*) filter (where event_type = 'purchase') > 0 as has_purchase
    from events
    group by customer_id, event_date

),

final as (

    select
        days.customer_id,
        days.visit_date,
        days.last_at,
        days.has_cart and not days.has_purchase and orders.customer_id is null as is_cart_abandoned
    from days
    left join orders
        on days.customer_id = orders.customer_id and days.visit_date = orders.order_date

)

select * from final
