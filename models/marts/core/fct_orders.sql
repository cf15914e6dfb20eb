{{ config(materialized="sliced_table", slice_key="order_id", slice_of="int_core__changed_order_numbers") }}
{%- set changed_order_numbers = ref("dovecote", "int_core__changed_order_numbers") %}

with

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where {{ dovecote.is_in_slice("order_id", changed_order_numbers) }}

),

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}
    where {{ dovecote.is_in_slice("order_id", changed_order_numbers) }}

),

final as (

    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.gross_amount,
        orders.discount_amount,
        orders.refund_amount,
        orders.net_amount,
        orders.cost_amount,
        orders.margin_amount,
        orders.shipping_amount,
        orders.tax_amount,
        orders.refunded_at,
        orders.status,
        orders.status_changed_at,
        orders.payment_status,
        orders.promised_at,
        orders.delivered_at,
        orders.channel,
        orders.coupon_code,
        orders.currency,
        orders.rate_to_reporting,
        orders.is_purchase,
        orders.is_guest,
        orders.is_excluded,
        orders.is_refund_above_order,
        cast(purchases.order_number as integer) as order_number,
        purchases.previous_ordered_at,
        {{ dovecote.elapsed_days("purchases.previous_ordered_at", "purchases.ordered_at") }}
            as days_since_previous_order,
        orders.x_columns
    from orders
    left join purchases
        on orders.order_id = purchases.order_id

)

select * from final
