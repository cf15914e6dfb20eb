{{ config(materialized="sliced_table", slice_key="review_id", slice_where=dovecote.was_candidate()) }}

with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("reviews") }}
),

{{ dovecote.judged_rows("typed", "reviews") }}

select * from judged
