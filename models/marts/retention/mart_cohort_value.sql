with

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

months as (

    select * from {{ ref("dovecote", "int_core__periods") }}
    where grain = 'month' and is_complete

),

cohorts as (

    select
        {{ dovecote.period_start("month", "min(order_date)") }} as cohort_month,
        customer_id
    from purchases
    group by customer_id

),

cohort_sizes as (

    select
        cohort_month,
        count(*) as customers
    from cohorts
    group by cohort_month

),

monthly as (

    select
        cohorts.cohort_month,
        {{ dovecote.period_start("month", "purchases.order_date") }} as order_month,
        count(*) as orders,
        sum(purchases.net_amount) as net_revenue,
        sum(purchases.margin_amount) as margin,
        count(*) filter (where purchases.margin_amount is null) as orders_without_margin
    from purchases
    inner join cohorts
        on purchases.customer_id = cohorts.customer_id
    group by 1, 2

),

grid as (

    select
        cohort_sizes.cohort_month,
        cohort_sizes.customers,
        months.period_start as order_month,
        {{ dovecote.periods_between("month", "cohort_sizes.cohort_month", "months.period_start") }} as months_since
    from cohort_sizes
    inner join months
        on cohort_sizes.cohort_month <= months.period_start

),

cumulated as (

    select
        grid.cohort_month,
        grid.months_since,
        grid.customers,
        sum(coalesce(monthly.orders, 0)) over since_cohort as cumulative_orders,
        sum(coalesce(monthly.net_revenue, 0)) over since_cohort as cumulative_net_revenue,
        sum(coalesce(monthly.margin, 0)) over since_cohort as cumulative_margin,
        sum(coalesce(monthly.orders_without_margin, 0)) over since_cohort as orders_without_margin
    from grid
    left join monthly
        on grid.cohort_month = monthly.cohort_month and grid.order_month = monthly.order_month
    window since_cohort as (
        partition by grid.cohort_month
        order by grid.months_since
        rows between unbounded preceding and current row
    )

),

final as (

    select
        cohort_month,
        cast(months_since as integer) as months_since,
        cast(customers as bigint) as customers,
        cast(cumulative_orders as bigint) as cumulative_orders,
        cast(cumulative_net_revenue as decimal(38, 4)) as cumulative_net_revenue,
        {{ dovecote.ratio("cumulative_net_revenue", "customers") }} as cumulative_net_revenue_per_customer,
        case
            when orders_without_margin = 0 then {{ dovecote.ratio("cumulative_margin", "customers") }}
        end as cumulative_margin_per_customer
    from cumulated

)

select * from final
