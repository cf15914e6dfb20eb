-- Empty unless a build computes changes alone: the orders of which anything may be other than in the last build, as a
-- row of theirs or of their lines was judged, a fact of theirs has become known, or a customer, a product or a rate
-- is another one.
with

{% for entity in ["orders", "order_items"] -%}
judged_{{ entity }} as (

    {{ dovecote.replaced_rows("base_" ~ entity) }}

),

{% endfor -%}
base_orders as (

    select * from {{ ref("dovecote", "base_orders") }}
    where order_id is not null

),

base_order_items as (

    select * from {{ ref("dovecote", "base_order_items") }}
    where order_id is not null

),

changed_customers as (

    select customer_id from {{ ref("dovecote", "int_core__changed_customers") }}

),

changed_products as (

    {{ dovecote.rows_that_differ("stg_products") }}

),

changed_rates as (

    {{ dovecote.rows_that_differ("int_core__daily_rates") }}

),

final as (

    {%- for entity in ["orders", "order_items"] %}
    select order_id from judged_{{ entity }}
    where order_id is not null

    union
    {%- endfor %}

    select order_id
    from base_orders
    where
        refunded_at >= {{ dovecote.previous_as_of() }}
        or status_changed_at >= {{ dovecote.previous_as_of() }}
        or delivered_at >= {{ dovecote.previous_as_of() }}

    union

    select order_id
    from base_orders
    where customer_id in (select changed_customers.customer_id from changed_customers)

    union

    select order_id
    from base_order_items
    where product_id in (select changed_products.product_id from changed_products)

    union

    select base_orders.order_id
    from base_orders
    inner join changed_rates
        on
            base_orders.currency = changed_rates.currency
            and cast(base_orders.ordered_at as date) = changed_rates.rate_date

)

select * from final
{{ dovecote.only_of_changes() }}
