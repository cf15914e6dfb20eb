-- Between which amounts four in five customers like this one end: 80% of the predictive distribution, which is nothing
-- with the purchase model's probability, and otherwise spreads about its mean as it did at the past day.
with

customer_value as (

    select
        *,
        {{ dovecote.value_group(3, "predicted_value", "customer_id") }} as value_third
    from {{ ref("dovecote", "int_churn__customer_value") }}
    where is_as_of

),

backtest as (

    select * from {{ ref("dovecote", "int_churn__value_backtest") }}

),

ratios as (

    select * from {{ ref("dovecote", "int_churn__value_ratios") }}

),

graded as (

    select count(*) as ratios
    from ratios

),

predicted as (

    select
        cutoff_date,
        customer_id,
        predicted_value,
        no_order_probability,
        value_third
    from customer_value

    union all

    select
        cutoff_date,
        customer_id,
        predicted_value,
        no_order_probability,
        value_third
    from backtest

),

placed as (

    select
        *,
        predicted_value / nullif(1 - no_order_probability, 0) as value_if_any,
        {{ dovecote.percentage_of_those_who_order(0.1, "no_order_probability") }} as low_percentage,
        {{ dovecote.percentage_of_those_who_order(0.9, "no_order_probability") }} as high_percentage
    from predicted

),

final as (

    select
        placed.cutoff_date,
        placed.customer_id,
        case
            when placed.low_percentage > 0 then placed.value_if_any * low_ratios.ratio
            when graded.ratios > 0 then 0
        end as value_low,
        case
            when placed.high_percentage > 0 then placed.value_if_any * high_ratios.ratio
            when graded.ratios > 0 then 0
        end as value_high
    from placed
    cross join graded
    left join ratios as low_ratios
        on
            placed.value_third = low_ratios.value_third
            and placed.low_percentage > low_ratios.percentage_above
            and placed.low_percentage <= low_ratios.percentage_up_to
    left join ratios as high_ratios
        on
            placed.value_third = high_ratios.value_third
            and placed.high_percentage > high_ratios.percentage_above
            and placed.high_percentage <= high_ratios.percentage_up_to

)

select * from final
