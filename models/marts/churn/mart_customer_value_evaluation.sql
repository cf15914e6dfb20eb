with

backtest as (

    select * from {{ ref("dovecote", "int_churn__value_backtest") }}

),

final as (

    select
        cast(cutoff_date as date) as cutoff_date,
        cast(horizon_days as integer) as horizon_days,
        cast(value_decile as integer) as value_decile,
        cast(min(model_name) as string) as model_name,
        cast(count(*) as bigint) as customers,
        cast(sum(expected_orders) as double) as expected_orders,
        cast(sum(actual_orders) as bigint) as actual_orders,
        cast(sum(predicted_value) as double) as predicted_value,
        cast(sum(actual_value) as double) as actual_value,
        {{ dovecote.ratio("sum(predicted_value) - sum(actual_value)", "sum(actual_value)") }} as relative_error,
        cast(avg(abs(predicted_value - actual_value)) as double) as mean_absolute_error,
        cast(sqrt(avg(power(predicted_value - actual_value, 2))) as double) as root_mean_squared_error,
        cast(
            percentile_cont(0.1) within group (order by actual_value / nullif(predicted_value, 0)) as double
        ) as low_ratio,
        cast(
            percentile_cont(0.9) within group (order by actual_value / nullif(predicted_value, 0)) as double
        ) as high_ratio
    from backtest
    group by cutoff_date, horizon_days, value_decile

)

select * from final
