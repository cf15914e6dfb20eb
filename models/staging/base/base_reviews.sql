with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("reviews") }}
),

{{ dovecote.judged_rows("typed", "reviews") }}

select * from judged
