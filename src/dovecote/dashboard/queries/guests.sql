-- What guests brought, who are in no mart of customers.
select
    cast(date_trunc('month', order_date) as date) as month_start,
    sum(net_amount) as net_revenue
from fct_orders
where is_purchase and not is_excluded and is_guest
group by all
order by month_start
