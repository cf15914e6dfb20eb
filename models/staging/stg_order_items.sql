with

accepted as (

    select * from {{ ref("dovecote", "base_order_items") }}
    where row_status = 'accepted'

),

final as (

    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        unit_cost
    from accepted

)

select * from final
