{{ config(
    materialized="summed_table", sum_keys=["product_id"],
    sums_people={"int_core__order_items": ["int_core__changed_orders"]}
) }}

-- In how many orders a product was sold: an order counts once, however many lines of it name the product.
with

order_items as (

    select * from {{ dovecote.counted("int_core__order_items", "int_core__changed_orders") }}
    where is_purchase

),

final as (

    select
        product_id,
        cast(count(distinct order_id) as bigint) as orders
    from order_items
    group by product_id

)

select * from final
