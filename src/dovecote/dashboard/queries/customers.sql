-- The most valuable customers of every segment, to look into it.
select
    case when getvariable('shows_customer_ids') then rfm.customer_id end as customer_id,
    rfm.rfm_segment,
    lifecycle.stage,
    coalesce(customers.acquisition_channel, 'unknown') as channel,
    coalesce(customers.country, 'unknown') as country,
    rfm.recency_days,
    rfm.frequency,
    rfm.monetary,
    risk.churn_probability,
    value.predicted_365d
from mart_customer_rfm as rfm
inner join dim_customers as customers
    on rfm.customer_id = customers.customer_id
left join mart_customer_lifecycle as lifecycle
    on rfm.customer_id = lifecycle.customer_id
left join mart_customer_risk as risk
    on rfm.customer_id = risk.customer_id
left join mart_customer_value as value
    on rfm.customer_id = value.customer_id
qualify row_number() over (partition by rfm.rfm_segment order by rfm.monetary desc, rfm.customer_id) <= 100
order by rfm.monetary desc, rfm.customer_id
