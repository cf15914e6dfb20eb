with

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__known_purchases") }}

),

final as (

    select
        cutoff_date,
        customer_number,
        product_number,
        cast(count(*) as integer) as basket_count,
        max(age_days) as first_age_days
    from purchases
    group by cutoff_date, customer_number, product_number

)

select * from final
