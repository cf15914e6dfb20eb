with

alerts as (

    select * from {{ ref("dovecote", "hist_churn_alerts") }}

),

lifecycle as (

    select * from {{ ref("dovecote", "hist_customer_lifecycle") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

-- A day's latest run may have found nobody to alert: its customers say that it was.
runs_of_the_day as (

    select alerts.run_started_at
    from alerts
    inner join run
        on alerts.as_of_date = run.as_of_date

    union

    select lifecycle.run_started_at
    from lifecycle
    inner join run
        on lifecycle.as_of_date = run.as_of_date

),

latest_run as (

    select max(run_started_at) as run_started_at
    from runs_of_the_day

),

final as (

    select
        cast(alerts.customer_id as string) as customer_id,
        cast(alerts.alert_rank as integer) as alert_rank,
        cast(alerts.alert_reason as string) as alert_reason,
        cast(alerts.horizon_days as integer) as horizon_days,
        cast(alerts.churn_probability as double) as churn_probability,
        cast(alerts.risk_band as string) as risk_band,
        cast(alerts.predicted_365d as double) as predicted_365d,
        cast(alerts.expected_loss as double) as expected_loss,
        cast(alerts.expected_loss_28d_ago as double) as expected_loss_28d_ago,
        cast(alerts.expected_loss_rise as double) as expected_loss_rise,
        cast(alerts.reason_1 as string) as reason_1,
        cast(alerts.reason_2 as string) as reason_2,
        cast(alerts.reason_3 as string) as reason_3,
        cast(alerts.owner_group as string) as owner_group,
        cast(alerts.last_order_date as date) as last_order_date,
        cast(alerts.model_name as string) as model_name,
        cast(alerts.model_version as string) as model_version,
        cast(alerts.alerted_at as timestamp) as alerted_at
    from alerts
    inner join run
        on alerts.as_of_date = run.as_of_date
    inner join latest_run
        on alerts.run_started_at = latest_run.run_started_at

)

select * from final
