select
    cohort_month,
    months_since,
    customers,
    cumulative_net_revenue_per_customer
from mart_cohort_value
order by cohort_month, months_since
