-- Empty unless a build computes changes alone: the events, new ones among them, whose customer was merged or excluded,
-- or is no more, with the customer that the input names.
with

changed_customers as (

    select customer_id from {{ ref("dovecote", "int_core__changed_customers") }}

),

final as (

    select
        event_id,
        customer_id,
        anonymous_id
    from {{ ref("dovecote", "stg_events") }}
    where customer_id in (select changed_customers.customer_id from changed_customers)

)

select * from final
{{ dovecote.only_of_changes() }}
