with

accepted as (

    select * from {{ ref("dovecote", "base_reviews") }}
    where row_status = 'accepted'

),

final as (

    select
        review_id,
        customer_id,
        product_id,
        order_id,
        rating,
        review_text,
        created_at
    from accepted

)

select * from final
