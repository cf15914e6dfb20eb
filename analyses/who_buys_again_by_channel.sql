-- Which channels bring customers who buy again?
-- repeat_rate_90d counts only customers whose 90 days have passed: known_customers says how many that is.
with

second_orders as (

    select * from {{ ref("dovecote", "mart_second_orders") }}

),

customers as (

    select * from {{ ref("dovecote", "dim_customers") }}

),

final as (

    select
        coalesce(customers.acquisition_channel, 'unknown') as acquisition_channel,
        count(*) as customers,
        count(second_orders.is_repeated_90d) as known_customers,
        {{ dovecote.ratio(
            "count(*) filter (where second_orders.is_repeated_90d)", "count(second_orders.is_repeated_90d)"
        ) }} as repeat_rate_90d,
        {{ dovecote.ratio("sum(customers.net_revenue)", "count(*)") }} as net_revenue_per_customer
    from second_orders
    inner join customers
        on second_orders.customer_id = customers.customer_id
    group by 1

)

select * from final
order by repeat_rate_90d desc nulls last, acquisition_channel asc
