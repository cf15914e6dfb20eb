-- Why rows were not accepted, the most frequent first; a row may have several reasons. What a status held stays out of
-- pages without ids: a column that slipped may have put an id there.
select
    entity,
    case
        when getvariable('shows_customer_ids') then reason
        else regexp_replace(reason, '^unknown_status\(.*\)$', 'unknown_status', 's')
    end as reason,
    count(*) as quarantined_rows
from mart_quarantine
-- A status may have a comma in it.
cross join unnest(string_split(replace(reasons, '), ', ')' || chr(10)), chr(10))) as split (reason)
group by all
order by quarantined_rows desc, entity, reason
limit 12
