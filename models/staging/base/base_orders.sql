{{ config(
    materialized="sliced_table", slice_key="order_id", slice_where=dovecote.was_candidate(), stored_by_month_of="ordered_at"
) }}

with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("orders") }}
),

status_policy as (

    select * from {{ ref("dovecote", "int_core__order_status_policy") }}

),

daily_rates as (

    select * from {{ ref("dovecote", "int_core__daily_rates") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

checked as {{ dovecote.not_materialized() }} (

    select
        typed.*,
        case
            when typed.status is not null and status_policy.status is null
                then 'unknown_status(' || typed.status || ')'
        end as status_reason,
        case
            when
                typed.reasons = ''
                and typed.ordered_at < run.as_of
                and typed.currency <> run.reporting_currency
                and daily_rates.currency is null
                then 'no_exchange_rate(' || typed.currency || ')'
        end as currency_reason
    from typed
    cross join run
    left join status_policy
        on lower(typed.status) = status_policy.status
    left join daily_rates
        on typed.currency = daily_rates.currency and cast(typed.ordered_at as date) = daily_rates.rate_date

),

{{ dovecote.judged_rows("checked", "orders", more_reasons="status_reason, currency_reason") }}

select * from judged
