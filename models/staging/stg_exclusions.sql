with

accepted as (

    select * from {{ ref("dovecote", "base_exclusions") }}
    where row_status = 'accepted'

),

final as (

    select
        customer_id,
        reason
    from accepted

)

select * from final
