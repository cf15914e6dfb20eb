with

products as (

    select * from {{ source("dunnhumby", "products") }}

),

final as (

    select
        cast(product_id as varchar) as product_id,
        product_type as product_name,
        product_category as category,
        brand,
        department as x_department,
        package_size as x_package_size,
        cast(manufacturer_id as varchar) as x_manufacturer_id
    from products

)

select * from final
