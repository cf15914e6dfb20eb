with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("customer_merges") }}
),

{{ dovecote.judged_rows("typed", "customer_merges") }}

select * from judged
