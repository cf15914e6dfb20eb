{{ config(
    materialized="sliced_table", slice_key="event_id", slice_where=dovecote.was_candidate(), stored_by_month_of="occurred_at"
) }}

with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("events") }}
),

{{ dovecote.judged_rows("typed", "events") }}

select * from judged
