-- Which inputs there are, and what their absence costs.
select
    coverage.entity,
    coverage.is_present,
    coverage.accepted_rows,
    coverage.columns_empty,
    coverage.what_is_lost,
    coverage.latest_at,
    reconciliation.rows_in,
    reconciliation.accepted,
    reconciliation.duplicates,
    reconciliation.quarantined,
    reconciliation.after_as_of,
    reconciliation.forgotten
from mart_input_coverage as coverage
inner join mart_input_reconciliation as reconciliation
    on coverage.entity = reconciliation.entity
order by coverage.accepted_rows desc, coverage.entity
