-- Why rows were not accepted, the most frequent first; a row may have several reasons, which name a value with a
-- comma in it (a status) at times.
select
    entity,
    reason,
    count(*) as quarantined_rows
from mart_quarantine
cross join unnest(string_split(replace(reasons, '), ', ')' || chr(10)), chr(10))) as split (reason)
group by all
order by quarantined_rows desc, entity, reason
limit 12
