with

typed as (
    {{ dovecote.typed_rows("reviews") }}
),

{{ dovecote.judged_rows("typed", "reviews") }}

select * from judged
