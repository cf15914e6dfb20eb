-- How far the orders go, and the currency most of them are in of those that need no exchange rate.
select
    min(order_date) as first_order_date,
    count(*) as orders,
    count(distinct customer_id) as customers,
    (
        select currency
        from fct_orders
        where rate_to_reporting = 1 and currency is not null
        group by currency
        order by count(*) desc, currency
        limit 1
    ) as currency
from fct_orders
where is_purchase and not is_excluded
