with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("exclusions") }}
),

{{ dovecote.judged_rows("typed", "exclusions") }}

select * from judged
