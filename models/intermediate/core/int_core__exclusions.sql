with

exclusions as (

    select * from {{ ref("dovecote", "stg_exclusions") }}

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

final as (

    select
        coalesce(customer_merges.customer_id, exclusions.customer_id) as customer_id,
        min(exclusions.reason) as exclusion_reason
    from exclusions
    left join customer_merges
        on exclusions.customer_id = customer_merges.from_customer_id
    group by 1

)

select * from final
