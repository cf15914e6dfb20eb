with

typed as (
    {{ dovecote.typed_rows("nps_responses") }}
),

{{ dovecote.judged_rows("typed", "nps_responses") }}

select * from judged
