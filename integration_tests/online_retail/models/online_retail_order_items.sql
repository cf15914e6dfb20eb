{{ config(materialized="view") }}
{#- only renames columns -#}

with

lines as (

    select * from {{ ref("online_retail_lines") }}

),

final as (

    select
        invoice_no as order_id,
        stock_code as product_id,
        abs(quantity) as quantity,
        abs(unit_price) as unit_price
    from lines

)

select * from final
