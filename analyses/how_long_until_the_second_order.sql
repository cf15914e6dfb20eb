-- How long after the first order does the second come, and so when should a reminder go out?
-- share_so_far is of those who came back at all: where it flattens, waiting longer brings few. Late buyers lack weeks.
with

second_orders as (

    select * from {{ ref("dovecote", "mart_second_orders") }}
    where is_repeated

),

weeks as (

    select
        cast(floor({{ dovecote.elapsed_days("first_ordered_at", "second_ordered_at") }} / 7) as integer) + 1
            as week_number,
        count(*) as second_orders
    from second_orders
    group by 1

),

final as (

    select
        week_number,
        second_orders,
        {{ dovecote.ratio(
            "sum(second_orders) over (order by week_number rows between unbounded preceding and current row)",
            "sum(second_orders) over ()"
        ) }} as share_so_far
    from weeks

)

select * from final
order by week_number asc
