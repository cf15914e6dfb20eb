{{ config(materialized="sliced_table", slice_key="order_item_id", slice_where=dovecote.was_candidate()) }}

-- A line became a fact when its order did: of an order's versions, the one known at as_of is the earliest.
with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("order_items") }}
),

orders as (

    select
        order_id,
        min(ordered_at) as ordered_at
    from {{ ref("dovecote", "base_orders") }}
    where row_status in ('accepted', 'after_as_of')
    group by order_id

),

checked as {{ dovecote.not_materialized() }} (

    select
        typed.*,
        orders.ordered_at
    from typed
    left join orders
        on typed.order_id = orders.order_id

),

{{ dovecote.judged_rows("checked", "order_items", happened_at="ordered_at") }}

select * from judged
