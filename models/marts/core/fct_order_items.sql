with

order_items as (

    select * from {{ ref("dovecote", "int_core__order_items") }}

),

final as (

    select
        order_item_key,
        order_item_id,
        order_id,
        customer_id,
        ordered_at,
        order_date,
        product_id,
        quantity,
        unit_price,
        cast(quantity * unit_price as decimal(18, 4)) as gross_amount,
        discount_amount,
        cast(quantity * unit_price - discount_amount as decimal(18, 4)) as net_amount_before_refund,
        cast(quantity * unit_cost as decimal(18, 4)) as cost_amount,
        is_purchase,
        is_orphan,
        is_unknown_product
    from order_items

)

select * from final
