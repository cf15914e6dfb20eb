with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("products") }}
),

{{ dovecote.judged_rows("typed", "products") }}

select * from judged
