-- From which stage to which, month by month.
select
    month_start,
    from_stage,
    to_stage,
    customers,
    is_complete
from mart_lifecycle_transitions
qualify dense_rank() over (order by month_start desc) <= 36
order by month_start, from_stage, to_stage
