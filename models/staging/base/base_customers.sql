with

typed as (
    {{ dovecote.typed_rows("customers") }}
),

{{ dovecote.judged_rows("typed", "customers") }}

select * from judged
