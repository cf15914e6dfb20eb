-- Product pages to be graded: one product of each customer's first basket of the window, whose neighbours should be in
-- the next. Which of them is left to a hash of the ids, as a pick by anything else would be a pick by popularity.
with

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__window_purchases") }}

),

customers as (

    select * from {{ ref("dovecote", "int_recommendations__customers") }}

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

seeds as (

    select
        purchases.cutoff_date,
        purchases.customer_number,
        purchases.product_number
    from purchases
    inner join customers
        on purchases.customer_number = customers.customer_number
    inner join products
        on purchases.product_number = products.product_number
    where purchases.basket_position = 1
    qualify
        row_number() over (
            partition by purchases.cutoff_date, purchases.customer_number
            order by md5(customers.customer_id || ' ' || products.product_id), products.product_id
        ) = 1

),

returning_customers as (

    select distinct
        cutoff_date,
        customer_number
    from purchases
    where basket_position = 2

),

final as (

    select
        seeds.cutoff_date,
        seeds.customer_number,
        seeds.product_number
    from seeds
    inner join returning_customers
        on
            seeds.cutoff_date = returning_customers.cutoff_date
            and seeds.customer_number = returning_customers.customer_number

)

select * from final
