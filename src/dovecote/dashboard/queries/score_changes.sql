-- Who moved between segments, stages and risk bands since the build before: once each, so of the horizons that of
-- alerts.
select
    changed,
    previous_as_of_date,
    from_value,
    to_value,
    count(*) as customers
from mart_score_changes
where
    changed != 'risk_band'
    or (activity = 'order' and horizon_days = (select max(horizon_days) from mart_customer_risk))
group by all
order by customers desc, changed, from_value, to_value
