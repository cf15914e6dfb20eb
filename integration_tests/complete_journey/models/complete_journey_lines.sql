{{ config(materialized="view") }}
{#- only casts columns -#}

with

transactions as (

    select * from {{ source("dunnhumby", "transactions") }}

),

money as (

    select
        cast(basket_id as varchar) as basket_id,
        cast(household_id as varchar) as household_id,
        cast(product_id as varchar) as product_id,
        cast(store_id as varchar) as store_id,
        transaction_timestamp,
        quantity,
        cast(sales_value as decimal(18, 2)) as sales_value,
        cast(retail_disc as decimal(18, 2)) as retail_disc,
        cast(coupon_disc as decimal(18, 2)) as coupon_disc,
        cast(coupon_match_disc as decimal(18, 2)) as coupon_match_disc
    from transactions

),

final as (

    select
        basket_id,
        household_id,
        product_id,
        store_id,
        transaction_timestamp,
        quantity,
        sales_value + retail_disc + coupon_match_disc as gross_amount,
        retail_disc + coupon_disc + coupon_match_disc as discount_amount
    from money

)

select * from final
