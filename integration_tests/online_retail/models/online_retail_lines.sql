with

source_lines as (

    select * from {{ source("uci", "online_retail") }}

),

described as (

    select
        *,
        quantity > 0 and unit_price > 0 as is_sale,
        max(quantity) over invoice > 0 as has_positive_quantity,
        max(case when quantity > 0 then unit_price end) over invoice > 0 as has_sale
    from source_lines
    window invoice as (partition by invoice_no)

),

final as (

    select
        invoice_no,
        stock_code,
        description,
        quantity,
        unit_price,
        cast(quantity * unit_price as decimal(18, 4)) as line_amount,
        invoice_date,
        cast(customer_id as varchar) as customer_id,
        country,
        is_sale,
        case
            when invoice_no like 'C%' then 'cancelled'
            when invoice_no like 'A%' or not has_positive_quantity then 'adjustment'
            when has_sale then 'paid'
            else 'free'
        end as status
    from described

)

select * from final
