-- Only events that named the customer themselves: which customer an anonymous visit belonged to is often known later.
with

events as (

    select * from {{ ref("dovecote", "int_core__events") }}
    where customer_id is not null and not is_excluded

),

final as (

    select
        customer_id,
        event_date as visit_date,
        count(*) as events,
        count(*) filter (where event_type = 'cart_add') as cart_adds,
        count(*) filter (where event_type = 'purchase') as purchases
    from events
    group by customer_id, event_date

)

select * from final
