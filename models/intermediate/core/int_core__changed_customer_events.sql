-- Empty unless a build computes changes alone: the known events whose customer was merged or excluded, or is no more.
with

changed_customers as (

    select customer_id from {{ ref("dovecote", "int_core__changed_customers") }}

),

final as (

    select
        event_id,
        customer_id,
        anonymous_id,
        session_id,
        occurred_at,
        event_type,
        product_id,
        page_path,
        referrer,
        search_query,
        result_count,
        device,
        channel
    from {{ ref("dovecote", "stg_events") }}
    where customer_id in (select changed_customers.customer_id from changed_customers)

)

select * from final
{{ dovecote.only_of_changes() }}
