-- Stock takers wrote remarks such as "damaged" where the name belongs, so names of sold lines come first.
with

lines as (

    select * from {{ ref("online_retail_lines") }}

),

ranked as (

    select
        stock_code,
        description,
        row_number() over (
            partition by stock_code
            order by
                description is not null desc,
                is_sale desc,
                invoice_date desc,
                description asc
        ) as line_rank
    from lines

),

final as (

    select
        stock_code as product_id,
        description as product_name
    from ranked
    where line_rank = 1

)

select * from final
