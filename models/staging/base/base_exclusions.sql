with

typed as (
    {{ dovecote.typed_rows("exclusions") }}
),

{{ dovecote.judged_rows("typed", "exclusions") }}

select * from judged
