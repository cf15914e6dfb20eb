-- Why rows were not accepted; a row may have several reasons.
select
    entity,
    trim(reason) as reason,
    count(*) as quarantined_rows
from mart_quarantine
cross join unnest(string_split(reasons, ', ')) as split (reason)
group by all
order by quarantined_rows desc, entity, reason
