-- Numbers stand for ids in this domain, as the maths is done on millions of pairs. They follow the order of the ids,
-- so that whatever breaks ties by number breaks them by id.
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
        cast(row_number() over (order by customers.customer_id) as integer) as customer_number,
        customers.first_seen_date,
        merged_customers.known_from_date,
        customers.{{ var("dovecote_recommendation_segment") }} as segment,
        customers.closed_at is not null as is_closed,
        {{ dovecote.as_interests("customers.interests") }} as interests
    from customers
    left join merged_customers
        on customers.customer_id = merged_customers.customer_id

)

select * from final
