-- What customers show of their interest beside buying. Only events that named the customer themselves: which customer
-- an anonymous visit belonged to is often known later.
{% set weights = var("dovecote_recommendation_signal_weights") -%}

with

events as (

    select * from {{ ref("dovecote", "int_core__events") }}
    where
        customer_id is not null
        and product_id is not null
        and event_type in ('view', 'cart_add', 'cart_remove', 'favourite')

),

reviews as (

    select * from {{ ref("dovecote", "stg_reviews") }}
    where product_id is not null and rating is not null and created_at is not null

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

customers as (

    select * from {{ ref("dovecote", "int_recommendations__customers") }}

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

signals as (

    select
        customer_id,
        product_id,
        event_type as signal_name,
        event_date as signal_date,
        occurred_at as signalled_at,
        case event_type
            when 'view' then {{ weights["view"] }}
            when 'cart_add' then {{ weights["cart_add"] }}
            when 'favourite' then {{ weights["favourite"] }}
            else 0
        end as signal_weight
    from events

    union all

    -- The middle of the scale says neither yes nor no.
    select
        coalesce(customer_merges.customer_id, reviews.customer_id) as customer_id,
        reviews.product_id,
        'rating' as signal_name,
        {{ dovecote.local_date("reviews.created_at") }} as signal_date,
        reviews.created_at as signalled_at,
        {{ weights["rating"] }} * (reviews.rating - 3) / 2.0 as signal_weight
    from reviews
    left join customer_merges
        on reviews.customer_id = customer_merges.from_customer_id

),

final as (

    select
        customers.customer_number,
        products.product_number,
        signals.signal_name,
        signals.signal_date,
        signals.signalled_at,
        customers.known_from_date,
        cast(signals.signal_weight as double) as signal_weight
    from signals
    inner join customers
        on signals.customer_id = customers.customer_id
    inner join products
        on signals.product_id = products.product_id

)

select * from final
