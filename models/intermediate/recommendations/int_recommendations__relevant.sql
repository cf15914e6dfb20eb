with

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__window_purchases") }}

),

seeds as (

    select * from {{ ref("dovecote", "int_recommendations__page_seeds") }}

),

final as (

    select distinct
        case when is_cold then 'cold' else 'all' end as task,
        cutoff_date,
        customer_number,
        product_number
    from purchases

    union all

    select distinct
        'new' as task,
        cutoff_date,
        customer_number,
        product_number
    from purchases
    where is_new and not is_cold

    union all

    select distinct
        'item_page' as task,
        purchases.cutoff_date,
        purchases.customer_number,
        purchases.product_number
    from purchases
    inner join seeds
        on
            purchases.cutoff_date = seeds.cutoff_date
            and purchases.customer_number = seeds.customer_number
            and purchases.product_number <> seeds.product_number
    where purchases.basket_position = 2

)

select * from final
