with

accepted as (

    select * from {{ ref("dovecote", "base_customer_merges") }}
    where row_status = 'accepted'

),

final as (

    select
        from_customer_id,
        to_customer_id,
        merged_at
    from accepted

)

select * from final
