-- What came of earlier alerts, and when all of a day are decided.
select
    as_of_date,
    owner_group,
    outcome,
    horizon_end_date,
    count(*) as alerts,
    sum(expected_loss) as expected_loss,
    sum(net_amount_in_horizon) as net_revenue,
    sum(days_to_next_order) as days_to_next_order
from mart_churn_alert_outcomes
group by all
order by all
