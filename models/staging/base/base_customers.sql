with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("customers") }}
),

{{ dovecote.judged_rows("typed", "customers") }}

select * from judged
