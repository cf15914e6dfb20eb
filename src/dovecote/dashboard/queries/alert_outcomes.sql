-- What came of earlier alerts.
select
    as_of_date,
    owner_group,
    outcome,
    count(*) as alerts,
    sum(expected_loss) as expected_loss,
    sum(net_amount_in_horizon) as net_revenue,
    sum(days_to_next_order) as days_to_next_order
from mart_churn_alert_outcomes
group by all
order by all
