with

lines as (

    select * from {{ ref("complete_journey_lines") }}

),

final as (

    select
        basket_id as order_id,
        household_id as customer_id,
        transaction_timestamp as ordered_at,
        cast(sum(gross_amount) as decimal(18, 4)) as gross_amount,
        cast(sum(discount_amount) as decimal(18, 4)) as discount_amount,
        'USD' as currency,
        store_id as x_store_id
    from lines
    group by basket_id, household_id, transaction_timestamp, store_id

)

select * from final
