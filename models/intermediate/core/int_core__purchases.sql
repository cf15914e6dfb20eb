{{ config(
    materialized="sliced_table", slice_key="customer_id", slice_of="int_core__changed_people", slice_column="person_id"
) }}
{%- set changed_people = ref("dovecote", "int_core__changed_people") %}

-- The purchases of customers, numbered in the order of time.
with

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where
        is_customer_purchase
        and {{ dovecote.is_in_slice("customer_id", changed_people, "person_id") }}

),

final as (

    select
        order_id,
        customer_id,
        ordered_at,
        order_date,
        channel,
        net_amount,
        margin_amount,
        row_number() over purchases_of_customer as order_number,
        lag(ordered_at) over purchases_of_customer as previous_ordered_at,
        lead(ordered_at) over purchases_of_customer as next_ordered_at,
        lag(order_date) over purchases_of_customer as previous_order_date,
        lead(order_date) over purchases_of_customer as next_order_date
    from orders
    window purchases_of_customer as (partition by customer_id order by ordered_at, order_id)

)

select * from final
