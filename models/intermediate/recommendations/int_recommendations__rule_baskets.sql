-- What was bought together: in one order, guests' included, or by one customer within some days.
with

order_items as (

    select * from {{ ref("dovecote", "int_core__order_items") }}
    where
        is_purchase
        and coalesce(quantity > 0, true)
        {%- if dovecote.basket_days() %}
        and is_customer_purchase
        {%- else %}
        and (is_customer_purchase or customer_id is null)
        {%- endif %}

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

baskets as (

    select
        *,
        dense_rank() over (order by {{ dovecote.basket_key() }}) as basket_number
    from order_items

),

final as (

    select distinct
        baskets.basket_number,
        products.product_number
    from baskets
    inner join products
        on baskets.product_id = products.product_id

)

select * from final
