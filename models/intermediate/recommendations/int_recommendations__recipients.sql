-- Who gets lists: everybody with an open account at as_of; at a past cut-off a sample of those who were known by then
-- and went on to buy.
with

customers as (

    select * from {{ ref("dovecote", "int_recommendations__customers") }}

),

cutoffs as (

    select * from {{ ref("dovecote", "int_recommendations__cutoffs") }}

),

buyers as (

    select distinct
        cutoffs.cutoff_date,
        purchases.customer_number
    from {{ ref("dovecote", "int_recommendations__purchases") }} as purchases
    inner join cutoffs
        on
            purchases.order_date > cutoffs.cutoff_date
            and purchases.order_date <= cutoffs.window_end_date
    where not cutoffs.is_as_of and purchases.cancelled_date is null

),

sampled as (

    select
        buyers.cutoff_date,
        buyers.customer_number
    from buyers
    inner join customers
        on
            buyers.customer_number = customers.customer_number
            and buyers.cutoff_date >= customers.first_seen_date
            and coalesce(buyers.cutoff_date >= customers.known_from_date, true)
    qualify
        row_number() over (
            partition by buyers.cutoff_date order by md5(customers.customer_id), customers.customer_id
        ) <= {{ dovecote.recommendation_sample_customers() }}

),

final as (

    select
        cutoffs.cutoff_date,
        cutoffs.is_as_of,
        customers.customer_number,
        customers.segment,
        customers.interests
    from customers
    cross join cutoffs
    where cutoffs.is_as_of and not customers.is_closed

    union all

    -- Undated attributes are not known of the past.
    select
        cutoff_date,
        false as is_as_of,
        customer_number,
        cast(null as string) as segment,
        cast(null as string) as interests
    from sampled

)

select * from final
