-- Customers by segment and score.
select
    rfm.rfm_segment,
    rfm.r_score,
    rfm.f_score,
    offered('acquisition_channel', coalesce(customers.acquisition_channel, 'unknown')) as channel,
    offered('country', coalesce(customers.country, 'unknown')) as country,
    count(*) as customers,
    sum(rfm.monetary) as net_revenue,
    sum(rfm.recency_days) as recency_days
from mart_customer_rfm as rfm
inner join dim_customers as customers
    on rfm.customer_id = customers.customer_id
group by all
order by all
