with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("exchange_rates") }}
),

checked as {{ dovecote.not_materialized() }} (

    select
        *,
        case when rate_to_reporting = 0 then 'zero(rate_to_reporting)' end as zero_reason
    from typed

),

{{ dovecote.judged_rows("checked", "exchange_rates", more_reasons="zero_reason") }}

select * from judged
