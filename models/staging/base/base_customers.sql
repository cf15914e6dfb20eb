{{ config(materialized="sliced_table", slice_key="customer_id", slice_where=dovecote.was_candidate()) }}

with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("customers") }}
),

{{ dovecote.judged_rows("typed", "customers") }}

select * from judged
