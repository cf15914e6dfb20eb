{{ config(
    materialized="sliced_table", slice_key="order_id", slice_of="int_core__changed_orders", stored_by_month_of="ordered_at"
) }}
{%- set changed_orders = ref("dovecote", "int_core__changed_orders") %}

-- Every accepted order with its person, its money and what it counts as.
with

orders as (

    select * from {{ ref("dovecote", "stg_orders") }}
    where {{ dovecote.is_in_slice("order_id", changed_orders) }}

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

exclusions as (

    select * from {{ ref("dovecote", "int_core__exclusions") }}

),

status_policy as (

    select * from {{ ref("dovecote", "int_core__order_status_policy") }}

),

owned as (

    select
        orders.*,
        coalesce(customer_merges.customer_id, orders.customer_id) as person_id,
        coalesce(orders.discount_amount, 0) as discount_given,
        coalesce(orders.refund_amount, 0) as refund_given
    from orders
    left join customer_merges
        on orders.customer_id = customer_merges.from_customer_id

),

priced as (

    select
        owned.*,
        {{ dovecote.net_amount("owned.gross_amount", "owned.discount_given", "owned.refund_given") }} as net_amount,
        {{ dovecote.local_date("owned.ordered_at") }} as order_date,
        owned.person_id is null as is_guest,
        exclusions.customer_id is not null as is_excluded,
        coalesce(status_policy.counts_as_purchase, true) as is_purchase
    from owned
    left join exclusions
        on owned.person_id = exclusions.customer_id
    left join status_policy
        on owned.status = status_policy.status

),

final as (

    select
        order_id,
        person_id as customer_id,
        ordered_at,
        order_date,
        gross_amount,
        cast(discount_given as decimal(18, 4)) as discount_amount,
        cast(refund_given as decimal(18, 4)) as refund_amount,
        refunded_at,
        cast(net_amount as decimal(18, 4)) as net_amount,
        cost_amount,
        cast(net_amount - cost_amount as decimal(18, 4)) as margin_amount,
        shipping_amount,
        tax_amount,
        status,
        status_changed_at,
        payment_status,
        promised_at,
        delivered_at,
        channel,
        coupon_code,
        currency,
        rate_to_reporting,
        is_guest,
        is_excluded,
        is_purchase,
        is_purchase and not is_guest and not is_excluded as is_customer_purchase,
        refund_given > gross_amount - discount_given as is_refund_above_order,
        x_columns
    from priced

)

select * from final
