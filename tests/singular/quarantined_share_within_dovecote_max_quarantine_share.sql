-- Fails with each entity of which too much was rejected: mart_quarantine says why, row by row.
{{ config(store_failures_as="view") }}

select
    entity,
    quarantined,
    quarantined_share
from {{ ref("dovecote", "mart_input_reconciliation") }}
where quarantined_share > {{ var("dovecote_max_quarantine_share") }}
