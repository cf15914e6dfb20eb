-- Rates judge orders, so that their share cannot stand between them: it is tested at the end.
select
    entity,
    quarantined,
    quarantined_share
from {{ ref("dovecote", "mart_input_reconciliation") }}
where entity = 'exchange_rates' and quarantined_share > {{ var("dovecote_max_quarantine_share") }}
