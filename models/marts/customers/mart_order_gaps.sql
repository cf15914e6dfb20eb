with

purchases as (

    select
        *,
        {{ dovecote.microseconds_between("ordered_at", "next_ordered_at") }} / 86400000000.0 as days_to_next
    from {{ ref("dovecote", "int_core__purchases") }}

),

final as (

    select
        cast(order_number as integer) as order_number,
        cast(count(*) as bigint) as customers,
        cast(count(next_ordered_at) as bigint) as reordered_customers,
        cast(count(next_ordered_at) / cast(count(*) as double) as double) as reorder_rate,
        cast(median(days_to_next) as double) as median_days_to_next
    from purchases
    group by order_number

)

select * from final
