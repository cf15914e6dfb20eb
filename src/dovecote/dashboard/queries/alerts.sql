-- Whom to call today, the weightiest first.
select
    alerts.alert_rank,
    case when getvariable('shows_customer_ids') then alerts.customer_id end as customer_id,
    alerts.owner_group,
    alerts.alert_reason,
    alerts.horizon_days,
    alerts.churn_probability,
    alerts.risk_band,
    alerts.predicted_365d,
    alerts.expected_loss,
    alerts.expected_loss_rise,
    alerts.last_order_date,
    alerts.reason_1,
    alerts.reason_2,
    alerts.reason_3,
    coalesce(customers.acquisition_channel, 'unknown') as channel,
    coalesce(customers.country, 'unknown') as country
from mart_churn_alerts as alerts
inner join dim_customers as customers
    on alerts.customer_id = customers.customer_id
order by alerts.alert_rank
