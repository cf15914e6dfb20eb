-- How far the value of customers who did order lay from what was expected of them if they order: the steps of its
-- distribution function, in hundredths, for the third of customers with the lowest, middle and highest predictions.
with

backtest as (

    select * from {{ ref("dovecote", "int_churn__value_backtest") }}
    where actual_value > 0

),

ranked as (

    select
        value_third,
        actual_value * (1 - no_order_probability) / predicted_value as ratio,
        cast(
            100 * row_number() over (
                partition by value_third
                order by actual_value * (1 - no_order_probability) / predicted_value, customer_id
            ) as double
        ) / count(*) over (partition by value_third) as percentage
    from backtest
    where predicted_value > 0

),

steps as (

    select
        value_third,
        cast(ceil(percentage) as double) as percentage,
        max(ratio) as ratio
    from ranked
    group by value_third, cast(ceil(percentage) as double)

),

final as (

    select
        value_third,
        lag(percentage, 1, 0) over (partition by value_third order by percentage) as percentage_above,
        percentage as percentage_up_to,
        ratio
    from steps

)

select * from final
