-- Amounts in the reporting currency, and only what was known at as_of: a refund, a delivery or a status of
-- later had not happened yet.
with

accepted as (

    select * from {{ ref("dovecote", "base_orders") }}
    where row_status = 'accepted'

),

daily_rates as (

    select * from {{ ref("dovecote", "int_core__daily_rates") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

known as (

    select
        accepted.*,
        case
            when accepted.currency is null or accepted.currency = run.reporting_currency then cast(1 as decimal(18, 8))
            else daily_rates.rate_to_reporting
        end as rate_to_reporting,
        coalesce(accepted.refunded_at >= run.as_of, false) as is_refunded_later,
        coalesce(accepted.status_changed_at >= run.as_of, false) as is_status_of_later,
        coalesce(accepted.delivered_at >= run.as_of, false) as is_delivered_later
    from accepted
    cross join run
    left join daily_rates
        on accepted.currency = daily_rates.currency and cast(accepted.ordered_at as date) = daily_rates.rate_date

),

final as (

    select
        order_id,
        customer_id,
        ordered_at,
        {{ dovecote.in_reporting_currency("gross_amount") }} as gross_amount,
        {{ dovecote.in_reporting_currency("discount_amount") }} as discount_amount,
        {{ dovecote.in_reporting_currency("shipping_amount") }} as shipping_amount,
        {{ dovecote.in_reporting_currency("tax_amount") }} as tax_amount,
        case
            when not is_refunded_later then {{ dovecote.in_reporting_currency("refund_amount") }}
        end as refund_amount,
        case when not is_refunded_later then refunded_at end as refunded_at,
        {{ dovecote.in_reporting_currency("cost_amount") }} as cost_amount,
        case when not is_status_of_later then lower(status) end as status,
        case when not is_status_of_later then status_changed_at end as status_changed_at,
        payment_status,
        promised_at,
        case when not is_delivered_later then delivered_at end as delivered_at,
        channel,
        coupon_code,
        currency,
        rate_to_reporting,
        x_columns
    from known

)

select * from final
