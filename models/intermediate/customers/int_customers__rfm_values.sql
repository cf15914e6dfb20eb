with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

totals as (

    select
        customer_id,
        max(ordered_at) as last_ordered_at,
        count(*) as frequency,
        cast(sum(net_amount) as decimal(38, 4)) as monetary
    from purchases
    group by customer_id

),

final as (

    select
        totals.customer_id,
        totals.last_ordered_at,
        cast(floor({{ dovecote.elapsed_days("totals.last_ordered_at", "run.as_of") }}) as integer) as recency_days,
        totals.frequency,
        totals.monetary
    from totals
    cross join run

)

select * from final
