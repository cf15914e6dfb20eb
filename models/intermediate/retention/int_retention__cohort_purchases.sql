{{ config(
    materialized="summed_table", sum_keys=["cohort_month", "order_month"],
    sums_people={"int_core__purchases": ["int_core__changed_people"]}
) }}

-- What the customers of a month of first purchase bought in each month; counts of some customers can be added to those
-- of others.
with

purchases as (

    select * from {{ dovecote.counted("int_core__purchases", "int_core__changed_people") }}

),

cohorts as (

    select
        customer_id,
        {{ dovecote.period_start("month", "min(order_date)") }} as cohort_month
    from purchases
    group by customer_id

),

final as (

    select
        cohorts.cohort_month,
        {{ dovecote.period_start("month", "purchases.order_date") }} as order_month,
        count(*) filter (where purchases.order_number = 1) as customers,
        count(*) as orders,
        cast(sum(purchases.net_amount) as decimal(38, 4)) as net_revenue,
        cast(coalesce(sum(purchases.margin_amount), 0) as decimal(38, 4)) as margin,
        count(*) filter (where purchases.margin_amount is null) as orders_without_margin
    from purchases
    inner join cohorts
        on purchases.customer_id = cohorts.customer_id
    group by 1, 2

)

select * from final
