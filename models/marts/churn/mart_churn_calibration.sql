with

calibration as (

    select * from {{ ref("dovecote", "ml_churn__calibration") }}

),

final as (

    select
        cast(model_name as string) as model_name,
        cast(activity as string) as activity,
        cast(cutoff_date as date) as cutoff_date,
        cast(horizon_days as integer) as horizon_days,
        cast(calibration_bin as integer) as calibration_bin,
        cast(customers as double) as customers,
        cast(churned as double) as churned,
        cast(mean_probability as double) as mean_probability,
        cast(observed_rate as double) as observed_rate,
        cast(ci_low as double) as ci_low,
        cast(ci_high as double) as ci_high,
        cast(probability_low as double) as probability_low,
        cast(probability_high as double) as probability_high
    from calibration

)

select * from final
