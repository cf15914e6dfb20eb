with

purchases as (

    select
        *,
        {{ dovecote.elapsed_days("ordered_at", "next_ordered_at") }} as days_to_next
    from {{ ref("dovecote", "int_core__purchases") }}

),

final as (

    select
        cast(order_number as integer) as order_number,
        cast(count(*) as bigint) as customers,
        cast(count(next_ordered_at) as bigint) as reordered_customers,
        {{ dovecote.ratio("count(next_ordered_at)", "count(*)") }} as reorder_rate,
        cast(median(days_to_next) as double) as median_days_to_next
    from purchases
    group by order_number

)

select * from final
