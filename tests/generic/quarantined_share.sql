{#
    Fails where too much of an entity was quarantined. It stands on the accepted rows, so that the marts behind them
    keep what they held; mart_quarantine and mart_input_reconciliation say why.
#}
{% test quarantined_share(model, entity) %}
    select
        '{{ entity }}' as entity,
        count(*) filter (where row_status = 'quarantined') as quarantined_rows,
        count(*) as all_rows
    from {{ ref("dovecote", "base_" ~ entity) }}
    having count(*) filter (where row_status = 'quarantined') > {{ var("dovecote_max_quarantine_share") }} * count(*)
{% endtest %}
