select
    list_name,
    coverage,
    customers
from mart_recommendation_coverage
where customers > 0
order by list_name, customers desc, coverage
