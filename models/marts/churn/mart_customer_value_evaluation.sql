with

backtest as (

    select * from {{ ref("dovecote", "int_churn__value_backtest") }}

),

intervals as (

    select * from {{ ref("dovecote", "int_churn__value_intervals") }}

),

final as (

    select
        cast(backtest.cutoff_date as date) as cutoff_date,
        cast(backtest.horizon_days as integer) as horizon_days,
        cast(backtest.value_decile as integer) as value_decile,
        cast(min(backtest.model_name) as string) as model_name,
        cast(count(*) as bigint) as customers,
        cast(sum(backtest.expected_orders) as double) as expected_orders,
        cast(sum(backtest.actual_orders) as bigint) as actual_orders,
        cast(sum(backtest.predicted_value) as double) as predicted_value,
        cast(sum(backtest.actual_value) as double) as actual_value,
        {{ dovecote.ratio(
            "sum(backtest.predicted_value) - sum(backtest.actual_value)", "sum(backtest.actual_value)"
        ) }} as relative_error,
        cast(avg(abs(backtest.predicted_value - backtest.actual_value)) as double) as mean_absolute_error,
        cast(
            sqrt(avg(power(backtest.predicted_value - backtest.actual_value, 2))) as double
        ) as root_mean_squared_error,
        cast(
            avg(
                case
                    when backtest.actual_value between intervals.value_low and intervals.value_high then 1
                    when intervals.value_low is not null then 0
                end
            ) as double
        ) as interval_coverage
    from backtest
    left join intervals
        on backtest.cutoff_date = intervals.cutoff_date and backtest.customer_id = intervals.customer_id
    group by backtest.cutoff_date, backtest.horizon_days, backtest.value_decile

)

select * from final
