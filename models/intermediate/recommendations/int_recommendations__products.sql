with

products as (

    select * from {{ ref("dovecote", "int_core__products") }}

),

catalogues as (

    select count(*) filter (where is_in_catalogue) > 0 as is_given
    from products

),

-- What was sold and is not in the catalogue is not sold any more, where there is one.
final as (

    select
        products.product_id,
        cast(row_number() over (order by products.product_id) as integer) as product_number,
        coalesce(products.product_name, products.product_id) as product_name,
        products.category,
        products.list_price,
        {{ dovecote.local_date("products.launched_at") }} as launched_date,
        products.is_in_catalogue,
        (products.is_in_catalogue or not catalogues.is_given)
        and coalesce(products.is_active, true)
        and coalesce(products.stock_units > 0, true) as is_sold_now
    from products
    cross join catalogues

)

select * from final
