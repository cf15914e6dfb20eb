-- What the recipients at each past cut-off went on to buy in the window after it.
with

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__purchases") }}
    where cancelled_date is null

),

cutoffs as (

    select * from {{ ref("dovecote", "int_recommendations__cutoffs") }}
    where not is_as_of

),

recipients as (

    select * from {{ ref("dovecote", "int_recommendations__recipients") }}

),

basket_counts as (

    select * from {{ ref("dovecote", "int_recommendations__basket_counts") }}

),

buyers as (

    select distinct
        cutoff_date,
        customer_number
    from basket_counts

),

final as (

    select
        cutoffs.cutoff_date,
        purchases.customer_number,
        purchases.product_number,
        purchases.basket_number,
        dense_rank() over (
            partition by cutoffs.cutoff_date, purchases.customer_number
            order by purchases.order_date, purchases.basket_number
        ) as basket_position,
        basket_counts.customer_number is null as is_new,
        buyers.customer_number is null as is_cold
    from purchases
    inner join cutoffs
        on purchases.order_date > cutoffs.cutoff_date and purchases.order_date <= cutoffs.window_end_date
    inner join recipients
        on
            cutoffs.cutoff_date = recipients.cutoff_date
            and purchases.customer_number = recipients.customer_number
    left join basket_counts
        on
            cutoffs.cutoff_date = basket_counts.cutoff_date
            and purchases.customer_number = basket_counts.customer_number
            and purchases.product_number = basket_counts.product_number
    left join buyers
        on cutoffs.cutoff_date = buyers.cutoff_date and purchases.customer_number = buyers.customer_number

)

select * from final
