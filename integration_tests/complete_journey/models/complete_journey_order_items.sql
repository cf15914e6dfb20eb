{{ config(materialized="view") }}
{#- only renames columns -#}

with

lines as (

    select * from {{ ref("complete_journey_lines") }}

),

final as (

    select
        basket_id as order_id,
        product_id,
        quantity,
        case
            when gross_amount = 0 then 0
            else cast(gross_amount / nullif(quantity, 0) as decimal(18, 4))
        end as unit_price,
        discount_amount
    from lines

)

select * from final
