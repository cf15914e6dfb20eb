with

customers as (

    select * from {{ ref("dovecote", "mart_customer_value") }}
    where historic_orders > 0

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        {{ dovecote.run_columns() | indent(8) }},
        customers.customer_id,
        customers.historic_orders,
        customers.historic_net,
        customers.expected_orders_365d,
        customers.expected_spend_per_order,
        customers.predicted_365d,
        customers.predicted_365d_low,
        customers.predicted_365d_high,
        customers.value_decile,
        customers.p_alive,
        customers.expected_next_order_date,
        customers.model_name,
        customers.eligibility
    from customers
    cross join run

)

select * from final
