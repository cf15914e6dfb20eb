-- Do customers won with a discount come back as others do?
-- The two groups chose themselves: a lower rate shows whom discounts attract, not what they do to a customer.
with

orders as (

    select * from {{ ref("dovecote", "fct_orders") }}
    where order_number = 1

),

second_orders as (

    select * from {{ ref("dovecote", "mart_second_orders") }}

),

final as (

    select
        orders.discount_amount > 0 as has_first_discount,
        count(*) as customers,
        count(second_orders.is_repeated_60d) as known_customers,
        {{ dovecote.ratio(
            "count(*) filter (where second_orders.is_repeated_60d)", "count(second_orders.is_repeated_60d)"
        ) }} as repeat_rate_60d,
        {{ dovecote.ratio("sum(orders.net_amount)", "count(*)") }} as net_amount_of_first_order
    from orders
    inner join second_orders
        on orders.customer_id = second_orders.customer_id
    group by 1

)

select * from final
order by has_first_discount asc
