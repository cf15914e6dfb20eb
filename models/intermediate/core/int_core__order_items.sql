{{ config(
    materialized="sliced_table", slice_key="order_id", slice_of="int_core__changed_orders", stored_by_month_of="ordered_at"
) }}
{%- set changed_orders = ref("dovecote", "int_core__changed_orders") %}

-- Every accepted order line, in the reporting currency, with a key of its own: lines without an
-- order_item_id are numbered within their order by what they hold, so that their arrival does not matter.
with

order_items as (

    select * from {{ ref("dovecote", "stg_order_items") }}
    where {{ dovecote.is_in_slice("order_id", changed_orders) }}

),

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where {{ dovecote.is_in_slice("order_id", changed_orders) }}

),

products as (

    select * from {{ ref("dovecote", "stg_products") }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by order_id
            order by
                product_id,
                quantity nulls first,
                unit_price nulls first,
                discount_amount nulls first,
                unit_cost nulls first
        ) as line_number
    from order_items
    where order_item_id is null

    union all

    select
        *,
        cast(null as bigint) as line_number
    from order_items
    where order_item_id is not null

),

-- An orphan has no order that could name a currency: its money stands as it came.
joined as (

    select
        numbered.*,
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.is_purchase,
        orders.is_customer_purchase,
        orders.order_id is null as is_orphan,
        products.category,
        products.unit_cost as product_unit_cost,
        products.product_id is null as is_unknown_product,
        coalesce(numbered.discount_amount, 0) as discount_given,
        coalesce(orders.rate_to_reporting, 1) as rate
    from numbered
    left join orders
        on numbered.order_id = orders.order_id
    left join products
        on numbered.product_id = products.product_id

),

final as (

    select
        coalesce('id:' || order_item_id, 'line:' || order_id || ':' || line_number) as order_item_key,
        order_item_id,
        order_id,
        customer_id,
        ordered_at,
        order_date,
        product_id,
        category,
        quantity,
        {{ dovecote.in_reporting_currency("unit_price", "rate") }} as unit_price,
        {{ dovecote.in_reporting_currency("discount_given", "rate") }} as discount_amount,
        coalesce({{ dovecote.in_reporting_currency("unit_cost", "rate") }}, product_unit_cost) as unit_cost,
        coalesce(is_purchase, false) as is_purchase,
        coalesce(is_customer_purchase, false) as is_customer_purchase,
        is_orphan,
        is_unknown_product
    from joined

)

select * from final
