with

customers as (

    select * from {{ ref("dovecote", "mart_customer_lifecycle") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        {{ dovecote.run_columns() | indent(8) }},
        customers.customer_id,
        customers.stage,
        customers.since,
        customers.cadence_days,
        customers.recency_days,
        customers.purchases
    from customers
    cross join run

)

select * from final
