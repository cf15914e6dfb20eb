-- How churn probabilities of customers with an open account are spread, in steps of 5 points.
select
    scores.activity,
    scores.horizon_days,
    coalesce(scores.risk_band, 'not scored') as risk_band,
    least(floor(scores.churn_probability * 20), 19) / 20 as probability_from,
    offered('acquisition_channel', coalesce(customers.acquisition_channel, 'unknown')) as channel,
    offered('country', coalesce(customers.country, 'unknown')) as country,
    count(*) as customers,
    sum(scores.churn_probability) as probabilities
from mart_churn_scores as scores
inner join dim_customers as customers
    on scores.customer_id = customers.customer_id
where customers.closed_at is null
group by all
order by all
