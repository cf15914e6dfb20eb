{{ config(materialized="sliced_table", slice_key="event_id", slice_where=dovecote.was_candidate()) }}

with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("events") }}
),

{{ dovecote.judged_rows("typed", "events") }}

select * from judged
