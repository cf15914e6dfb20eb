-- Customers by the stage they are in.
select
    lifecycle.stage,
    offered('acquisition_channel', coalesce(customers.acquisition_channel, 'unknown')) as channel,
    offered('country', coalesce(customers.country, 'unknown')) as country,
    count(*) as customers
from mart_customer_lifecycle as lifecycle
inner join dim_customers as customers
    on lifecycle.customer_id = customers.customer_id
group by all
order by all
