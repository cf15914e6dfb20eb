with

typed as (
    {{ dovecote.typed_rows("events") }}
),

{{ dovecote.judged_rows("typed", "events") }}

select * from judged
