with

evaluation as (

    select * from {{ ref("dovecote", "ml_churn__evaluation") }}

),

final as (

    select
        cast(model_name as string) as model_name,
        cast(activity as string) as activity,
        cast(cutoff_date as date) as cutoff_date,
        cast(horizon_days as integer) as horizon_days,
        cast(training_horizon_days as integer) as training_horizon_days,
        cast(customers as bigint) as customers,
        cast(churned as bigint) as churned,
        cast(base_rate as double) as base_rate,
        cast(mean_probability as double) as mean_probability,
        cast(auc as double) as auc,
        cast(auc_low as double) as auc_low,
        cast(auc_high as double) as auc_high,
        cast(brier as double) as brier,
        cast(brier_low as double) as brier_low,
        cast(brier_high as double) as brier_high,
        cast(log_loss as double) as log_loss,
        cast(log_loss_low as double) as log_loss_low,
        cast(log_loss_high as double) as log_loss_high,
        cast(ece as double) as ece,
        cast(ece_low as double) as ece_low,
        cast(ece_high as double) as ece_high,
        cast(calibration_slope as double) as calibration_slope,
        cast(calibration_intercept as double) as calibration_intercept,
        cast(lift_at_5pct as double) as lift_at_5pct,
        cast(lift_at_10pct as double) as lift_at_10pct,
        cast(lift_at_20pct as double) as lift_at_20pct,
        cast(threshold as double) as threshold,
        cast(tp as bigint) as tp,
        cast(fp as bigint) as fp,
        cast(fn as bigint) as fn,
        cast(tn as bigint) as tn,
        cast(accuracy as double) as accuracy,
        cast(precision_score as double) as precision_score,
        cast(recall as double) as recall,
        cast(f1 as double) as f1
    from evaluation

)

select * from final
