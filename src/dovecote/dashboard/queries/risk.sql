-- How churn probabilities are spread, in steps of 5 points.
select
    scores.activity,
    scores.horizon_days,
    coalesce(scores.risk_band, 'not scored') as risk_band,
    least(floor(scores.churn_probability * 20), 19) / 20 as probability_from,
    offered('acquisition_channel', coalesce(customers.acquisition_channel, 'unknown')) as channel,
    offered('country', coalesce(customers.country, 'unknown')) as country,
    count(*) as customers,
    count(*) filter (where customers.closed_at is null) as open_accounts,
    sum(scores.churn_probability) as probabilities
from mart_churn_scores as scores
inner join dim_customers as customers
    on scores.customer_id = customers.customer_id
group by all
order by all
