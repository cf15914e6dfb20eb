with

lines as (

    select * from {{ ref("online_retail_lines") }}

),

final as (

    select
        invoice_no as order_id,
        min(customer_id) as customer_id,
        min(invoice_date) as ordered_at,
        cast(
            abs(sum(case when is_sale or status in ('cancelled', 'adjustment') then line_amount else 0 end))
            as decimal(18, 4)
        ) as gross_amount,
        min(status) as status,
        'GBP' as currency
    from lines
    group by invoice_no

)

select * from final
