with

typed as (
    {{ dovecote.typed_rows("exchange_rates") }}
),

{{ dovecote.judged_rows("typed", "exchange_rates") }}

select * from judged
