-- The shop in a few figures; asked of this version and of the one before.
with

last_month as (

    select * from mart_growth_accounting
    where activity = 'order' and grain = 'month' and is_complete
    qualify row_number() over (order by period_start desc) = 1

),

retention as (

    select max(case when period_index = 1 then retention_rate end) as month_1
    from mart_retention_overall
    where
        activity = 'order' and entry = 'first_time' and return_rule = 'on'
        and clock = 'calendar' and grain = 'month' and breakdown = 'none'

),

risk as (

    select
        avg(churn_probability) as mean_churn_probability,
        count(*) filter (where risk_band = 'high') as customers_at_high_risk,
        sum(expected_loss) as expected_loss
    from mart_customer_risk

),

alerts as (

    select count(*) as alerts from mart_churn_alerts

)

select
    published_version.as_of_date,
    last_month.active_customers,
    last_month.revenue,
    last_month.quick_ratio,
    retention.month_1 as month_1_retention,
    risk.mean_churn_probability,
    risk.customers_at_high_risk,
    risk.expected_loss,
    alerts.alerts
from published_version
cross join retention
cross join risk
cross join alerts
left join last_month
    on true
