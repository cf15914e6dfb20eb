{{ config(materialized="sliced_table", slice_key="order_id", slice_of="int_core__changed_orders") }}
{%- set changed_orders = ref("dovecote", "int_core__changed_orders") %}

-- Every order that was a purchase of a customer for some time, with the days on which its facts became known: a
-- past cut-off must not see a cancellation or a refund of later. An undated cancellation counts from the start; an
-- undated refund is known now only.
with

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where
        not is_guest
        and not is_excluded
        and {{ dovecote.is_in_slice("order_id", changed_orders) }}

),

dated as (

    select
        *,
        case when not is_purchase then {{ dovecote.local_date("status_changed_at") }} end as cancelled_date
    from orders

),

final as (

    select
        order_id,
        customer_id,
        ordered_at,
        order_date,
        cancelled_date,
        gross_amount,
        discount_amount,
        refund_amount,
        {{ dovecote.local_date("refunded_at") }} as refunded_date
    from dated
    where is_purchase or cancelled_date > order_date

)

select * from final
