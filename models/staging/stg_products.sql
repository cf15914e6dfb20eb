with

accepted as (

    select * from {{ ref("dovecote", "base_products") }}
    where row_status = 'accepted'

),

final as (

    select
        product_id,
        product_name,
        description,
        attributes,
        category,
        brand,
        list_price,
        unit_cost,
        launched_at,
        is_active,
        stock_units,
        x_columns
    from accepted

)

select * from final
