with

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

purchases as (

    select
        customer_id,
        min(ordered_at) as first_ordered_at,
        min(order_date) as first_order_date,
        max(ordered_at) as last_ordered_at,
        count(*) as orders,
        sum(net_amount) as net_revenue,
        {{ dovecote.first_by("coalesce(channel, '')", ["order_number"]) }} as first_order_channel
    from {{ ref("dovecote", "int_core__purchases") }}
    group by customer_id

),

final as (

    select
        customers.customer_id,
        customers.created_at,
        customers.first_seen_at,
        customers.acquisition_channel,
        customers.country,
        customers.city,
        customers.birth_year,
        customers.gender,
        customers.interests,
        customers.loyalty_tier,
        customers.email_consent,
        customers.sms_consent,
        customers.push_consent,
        customers.closed_at,
        customers.closed_reason,
        customers.is_registered,
        customers.is_excluded,
        customers.exclusion_reason,
        purchases.first_ordered_at,
        purchases.last_ordered_at,
        nullif(purchases.first_order_channel, '') as first_order_channel,
        cast(coalesce(purchases.orders, 0) as bigint) as orders,
        cast(coalesce(purchases.net_revenue, 0) as decimal(38, 4)) as net_revenue,
        coalesce(
            purchases.first_order_date
            < {{ dovecote.date_plus_days("run.history_start", var("dovecote_left_censored_days")) }},
            false
        ) as is_left_censored,
        customers.x_columns
    from customers
    cross join run
    left join purchases
        on customers.customer_id = purchases.customer_id

)

select * from final
