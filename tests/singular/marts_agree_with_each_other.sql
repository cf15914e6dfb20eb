-- Figures that two marts reach by different ways must be the same.
{{ config(store_failures_as="view") }}

with

comparisons as (

    select
        'active persons a day: mart_activity_daily, fct_customer_days' as comparison,
        (select sum(dau) from {{ ref("dovecote", "mart_activity_daily") }}) as one,
        (select count(*) from {{ ref("dovecote", "fct_customer_days") }}) as other

    union all

    select
        'active persons a day: mart_growth_accounting, mart_activity_daily' as comparison,
        (
            select sum(active_customers) from {{ ref("dovecote", "mart_growth_accounting") }}
            where grain = 'day'
        ),
        (select sum(dau) from {{ ref("dovecote", "mart_activity_daily") }})

    union all

    select
        'new persons: mart_growth_accounting by month, mart_activity_daily' as comparison,
        (
            select sum(new_customers) from {{ ref("dovecote", "mart_growth_accounting") }}
            where grain = 'month'
        ),
        (select sum(new_customers) from {{ ref("dovecote", "mart_activity_daily") }})

    union all

    select
        'sessions: mart_activity_daily, fct_sessions' as comparison,
        (select sum(sessions) from {{ ref("dovecote", "mart_activity_daily") }}),
        (select count(*) from {{ ref("dovecote", "fct_sessions") }})

    union all

    select
        'sessions: mart_funnel_daily, fct_sessions' as comparison,
        (
            select sum(all_sessions) from {{ ref("dovecote", "mart_funnel_daily") }}
            where step_number = 1
        ),
        (select count(*) from {{ ref("dovecote", "fct_sessions") }})

    union all

    select
        'buyers: mart_customer_rfm, mart_order_gaps' as comparison,
        (select count(*) from {{ ref("dovecote", "mart_customer_rfm") }}),
        (
            select max(customers) from {{ ref("dovecote", "mart_order_gaps") }}
            where order_number = 1
        )

    union all

    select
        'net revenue of customers: mart_customer_rfm, fct_orders' as comparison,
        (select sum(monetary) from {{ ref("dovecote", "mart_customer_rfm") }}),
        (
            select sum(net_amount) from {{ ref("dovecote", "fct_orders") }}
            where is_purchase and not is_guest and not is_excluded
        )

    union all

    select
        'orders: mart_loyalty_monthly, fct_orders' as comparison,
        (select sum(orders) from {{ ref("dovecote", "mart_loyalty_monthly") }}),
        (
            select count(*) from {{ ref("dovecote", "fct_orders") }}
            where is_purchase and not is_excluded
        )

    union all

    select
        'customers: mart_customer_lifecycle, dim_customers' as comparison,
        (select count(*) from {{ ref("dovecote", "mart_customer_lifecycle") }}),
        (
            select count(*) from {{ ref("dovecote", "dim_customers") }}
            where not is_excluded
        )

    union all

    select
        'dated customers by now: mart_lifecycle_transitions, dim_customers' as comparison,
        (
            select max(month_customers) from (
                select sum(customers) over (partition by month_start) as month_customers
                from {{ ref("dovecote", "mart_lifecycle_transitions") }}
                qualify month_start = max(month_start) over ()
            )
        ),
        (
            select count(*) from {{ ref("dovecote", "dim_customers") }}
            where not is_excluded and first_seen_at is not null
        )

    union all

    select
        'active persons of every breakdown: mart_growth_by_breakdown, mart_growth_accounting' as comparison,
        (select sum(active_customers) from {{ ref("dovecote", "mart_growth_by_breakdown") }}),
        (
            select sum(active_customers) * {{ dovecote.retention_breakdowns() | length - 1 }}
            from {{ ref("dovecote", "mart_growth_accounting") }}
            where grain = 'month'
        )

    union all

    select
        'revenue of customers: mart_growth_accounting by month, fct_orders' as comparison,
        (
            select sum(revenue) from {{ ref("dovecote", "mart_growth_accounting") }}
            where grain = 'month'
        ),
        (
            select sum(net_amount) from {{ ref("dovecote", "fct_orders") }}
            where is_purchase and not is_guest and not is_excluded
        )

    union all

    select
        'retained members: mart_retention_overall, mart_retention' as comparison,
        (select sum(n_retained) from {{ ref("dovecote", "mart_retention_overall") }}),
        (select sum(n_retained) from {{ ref("dovecote", "mart_retention") }})

    union all

    select
        'cut-points: four for each of three measures, where anybody bought' as comparison,
        (select count(*) from {{ ref("dovecote", "mart_rfm_cut_points") }}),
        (select least(12, 12 * count(*)) from {{ ref("dovecote", "mart_customer_rfm") }})

    union all

    select
        'rejected rows: mart_quarantine, mart_input_reconciliation' as comparison,
        (select count(*) from {{ ref("dovecote", "mart_quarantine") }}),
        (select sum(quarantined) from {{ ref("dovecote", "mart_input_reconciliation") }})

)

select * from comparisons
where coalesce(one, 0) <> coalesce(other, 0)
