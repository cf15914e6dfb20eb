-- Who came, stayed and went, month by month: everybody, and by channel and country.
select
    activity,
    'none' as breakdown,
    'all' as breakdown_value,
    period_start as month_start,
    is_complete,
    new_customers,
    returning_customers,
    resurrecting_customers,
    dormant_customers,
    active_customers,
    quick_ratio,
    revenue
from mart_growth_accounting
where grain = 'month'
union all
select
    activity,
    breakdown,
    breakdown_value,
    month_start,
    is_complete,
    new_customers,
    returning_customers,
    resurrecting_customers,
    dormant_customers,
    active_customers,
    quick_ratio,
    revenue
from mart_growth_by_breakdown
where offered(breakdown, breakdown_value) is not null
order by activity, breakdown, breakdown_value, month_start
