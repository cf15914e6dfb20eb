{{ config(materialized="view") }}
{#- a view: int_core__order_items holds these rows already, and millions of them -#}

with

order_items as (

    select * from {{ dovecote.in_same_database(ref("dovecote", "int_core__order_items")) }}

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
        {{ dovecote.line_amount("unit_price") }} as gross_amount,
        discount_amount,
        {{ dovecote.line_amount("unit_price") }} - discount_amount as net_amount_before_refund,
        {{ dovecote.line_amount("unit_cost") }} as cost_amount,
        is_purchase,
        is_orphan,
        is_unknown_product
    from order_items

)

select * from final
