{{ config(materialized="view") }}
-- What was a purchase as far as each cut-off could know: cancellations of later are not known yet, and accounts that
-- were merged later were others then.
with

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__purchases") }}

),

cutoffs as (

    select * from {{ ref("dovecote", "int_recommendations__cutoffs") }}

),

final as (

    select
        cutoffs.cutoff_date,
        cutoffs.is_as_of,
        purchases.customer_number,
        purchases.product_number,
        purchases.basket_number,
        purchases.ordered_at,
        purchases.order_date,
        purchases.unit_price,
        {{ dovecote.days_between("purchases.order_date", "cutoffs.cutoff_date") }} + 1 as age_days
    from purchases
    inner join cutoffs
        on
            purchases.order_date <= cutoffs.cutoff_date
            and coalesce(purchases.cancelled_date > cutoffs.cutoff_date, true)
            and (cutoffs.is_as_of or coalesce(purchases.known_from_date <= cutoffs.cutoff_date, true))

)

select * from final
