with

cohort_purchases as (

    select * from {{ ref("dovecote", "int_retention__cohort_purchases") }}

),

months as (

    select * from {{ ref("dovecote", "int_core__periods") }}
    where grain = 'month' and is_complete

),

cohort_sizes as (

    select
        cohort_month,
        sum(customers) as customers
    from cohort_purchases
    group by cohort_month

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
        sum(coalesce(cohort_purchases.orders, 0)) over since_cohort as cumulative_orders,
        sum(coalesce(cohort_purchases.net_revenue, 0)) over since_cohort as cumulative_net_revenue,
        sum(coalesce(cohort_purchases.margin, 0)) over since_cohort as cumulative_margin,
        sum(coalesce(cohort_purchases.orders_without_margin, 0)) over since_cohort as orders_without_margin
    from grid
    left join cohort_purchases
        on grid.cohort_month = cohort_purchases.cohort_month and grid.order_month = cohort_purchases.order_month
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
