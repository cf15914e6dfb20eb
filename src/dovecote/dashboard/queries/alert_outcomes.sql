-- What came of earlier alerts, and when all of a day are decided.
select
    as_of_date,
    outcome,
    horizon_end_date,
    count(*) as alerts
from mart_churn_alert_outcomes
group by all
order by all
