-- All cohorts together, with 95% intervals.
select
    activity,
    entry,
    return_rule,
    grain,
    breakdown,
    breakdown_value,
    period_index,
    n_mature,
    retention_rate,
    ci_low,
    ci_high
from mart_retention_overall
where
    clock = 'calendar'
    and offered(breakdown, breakdown_value) is not null
order by activity, entry, return_rule, grain, breakdown, breakdown_value, period_index
