-- The rate of every currency on every day from its first rate to as_of: a rate holds until the next one.
with

exchange_rates as (

    select * from {{ ref("dovecote", "stg_exchange_rates") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        exchange_rates.currency,
        exchange_rates.rate_to_reporting,
        {{ dovecote.days_from_to(
            "exchange_rates.valid_from",
            "least(" ~ dovecote.date_plus_days("exchange_rates.valid_to", -1) ~ ", cast(run.as_of as date))"
        ) }} as rate_date
    from exchange_rates
    inner join run
        on exchange_rates.valid_from <= cast(run.as_of as date)

)

select * from final
