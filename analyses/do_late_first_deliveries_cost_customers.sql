-- Do customers whose first order came late stay away?
-- Compare repeat_rate_60d of late with on_time; unknown are orders without a promised or an actual delivery.
with

orders as (

    select * from {{ ref("dovecote", "fct_orders") }}
    where order_number = 1

),

second_orders as (

    select * from {{ ref("dovecote", "mart_second_orders") }}

),

first_deliveries as (

    select
        customer_id,
        case
            when promised_at is null or delivered_at is null then 'unknown'
            when delivered_at > promised_at then 'late'
            else 'on_time'
        end as delivery
    from orders

),

final as (

    select
        first_deliveries.delivery,
        count(*) as customers,
        count(second_orders.is_repeated_60d) as known_customers,
        {{ dovecote.ratio(
            "count(*) filter (where second_orders.is_repeated_60d)", "count(second_orders.is_repeated_60d)"
        ) }} as repeat_rate_60d
    from first_deliveries
    inner join second_orders
        on first_deliveries.customer_id = second_orders.customer_id
    group by first_deliveries.delivery

)

select * from final
order by delivery asc
