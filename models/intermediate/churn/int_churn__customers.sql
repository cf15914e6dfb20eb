-- Since when each customer was known to be one, and whether its past is looked at.
with

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where not is_excluded

),

merged_customers as (

    select * from {{ ref("dovecote", "int_core__merged_customers") }}

),

final as (

    select
        customers.customer_id,
        merged_customers.known_from_date,
        row_number() over (
            order by md5(customers.customer_id), customers.customer_id
        ) <= {{ dovecote.sample_customers() }} as is_in_sample
    from customers
    left join merged_customers
        on customers.customer_id = merged_customers.customer_id

)

select * from final
