with

typed as (
    {{ dovecote.typed_rows("products") }}
),

{{ dovecote.judged_rows("typed", "products") }}

select * from judged
