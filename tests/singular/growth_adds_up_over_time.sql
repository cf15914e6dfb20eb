-- Who is active now: who was, plus the new and the resurrected, less the dormant; and revenue likewise.
{{ config(store_failures_as="view") }}

with

periods as (

    select
        *,
        lag(active_customers, 1, 0) over (partition by activity, grain order by period_start) as previous_active,
        lag(revenue) over (partition by activity, grain order by period_start) as previous_revenue
    from {{ ref("dovecote", "mart_growth_accounting") }}

)

select
    activity,
    grain,
    period_start
from periods
where
    is_complete
    and (
        active_customers - previous_active <> new_customers + resurrecting_customers - dormant_customers
        or revenue - coalesce(previous_revenue, 0) <> revenue_change
    )
