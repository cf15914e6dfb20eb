-- Every order that was a purchase of a customer for some time, with the days on which its facts became known: a
-- past cut-off must not see a cancellation, a refund or a delivery of later. An undated cancellation counts from the
-- start; an undated refund stays out, as nothing says when it was known.
with

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where not is_guest and not is_excluded

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
        order_date,
        cancelled_date,
        gross_amount,
        discount_amount,
        coupon_code is not null as has_coupon,
        case when refunded_at is not null then refund_amount else 0 end as refund_amount,
        {{ dovecote.local_date("refunded_at") }} as refunded_date,
        {{ dovecote.local_date("delivered_at") }} as delivered_date,
        coalesce(delivered_at > promised_at, false) as is_late
    from dated
    where is_purchase or cancelled_date > order_date

)

select * from final
