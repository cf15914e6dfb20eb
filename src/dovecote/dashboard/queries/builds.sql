select
    started_at,
    as_of_date,
    status,
    date_diff('second', started_at, finished_at) as seconds,
    nodes,
    nodes_failed,
    message
from mart_builds
qualify row_number() over (order by started_at desc) <= 60
order by started_at desc
