-- Cohorts by the calendar. Days and weeks of long ago would only be dust on a screen.
select
    activity,
    entry,
    return_rule,
    grain,
    breakdown,
    breakdown_value,
    cohort_start,
    period_index,
    cohort_size,
    n_mature,
    n_retained,
    retention_rate,
    net_revenue
from mart_retention
where
    clock = 'calendar'
    and offered(breakdown, breakdown_value) is not null
qualify
    dense_rank() over (partition by activity, entry, return_rule, grain order by cohort_start desc)
    <= case grain when 'month' then 60 when 'week' then 156 else 92 end
order by activity, entry, return_rule, grain, breakdown, breakdown_value, cohort_start, period_index
