-- What settings are chosen on.
{{ config(materialized="view") }}

with

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__known_purchases") }}

),

settings_dates as (

    select distinct settings_date
    from {{ ref("dovecote", "int_recommendations__cutoffs") }}

),

final as (

    select
        settings_dates.settings_date,
        purchases.customer_number,
        purchases.product_number,
        purchases.basket_number,
        purchases.order_date
    from purchases
    inner join settings_dates
        on purchases.cutoff_date = settings_dates.settings_date

)

select * from final
