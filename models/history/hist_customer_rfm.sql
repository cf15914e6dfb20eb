with

customers as (

    select * from {{ ref("dovecote", "mart_customer_rfm") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        {{ dovecote.run_columns() | indent(8) }},
        customers.customer_id,
        customers.recency_days,
        customers.frequency,
        customers.monetary,
        customers.r_score,
        customers.f_score,
        customers.m_score,
        customers.rfm_segment
    from customers
    cross join run

)

select * from final
