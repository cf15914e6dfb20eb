with

products as (

    select * from {{ ref("dovecote", "int_core__products") }}

),

final as (

    select
        product_id,
        cast(row_number() over (order by product_id) as integer) as product_number,
        coalesce(product_name, product_id) as product_name,
        category,
        list_price,
        {{ dovecote.local_date("launched_at") }} as launched_date,
        is_in_catalogue,
        coalesce(is_active, true) and coalesce(stock_units > 0, true) as is_sold_now
    from products

)

select * from final
