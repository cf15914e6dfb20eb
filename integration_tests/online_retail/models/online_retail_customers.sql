with

lines as (

    select * from {{ ref("online_retail_lines") }}
    where customer_id is not null

),

ranked as (

    select
        customer_id,
        country,
        row_number() over (
            partition by customer_id
            order by invoice_date, invoice_no, country
        ) as line_rank
    from lines

),

final as (

    select
        customer_id,
        country
    from ranked
    where line_rank = 1

)

select * from final
