{{ config(materialized="summed_table", sum_keys=["entity", "counted"]) }}

-- What is counted of append-only inputs once their people are known, and what was known at as_of.
with

orders as (

    select * from {{ dovecote.counted("int_core__orders") }}

),

events as (

    select * from {{ dovecote.counted("int_core__events") }}

),

counts as (

    select
        'orders' as entity,
        'excluded' as counted,
        cast(count(*) filter (where is_excluded) as decimal(38, 0)) as amount
    from orders

    union all

    select
        'orders' as entity,
        'fingerprint' as counted,
        cast({{ dovecote.rows_fingerprint("orders") }} as decimal(38, 0)) as amount
    from orders

    union all

    select
        'events' as entity,
        'excluded' as counted,
        cast(count(*) filter (where is_excluded and customer_id is not null) as decimal(38, 0)) as amount
    from events

    union all

    select
        'events' as entity,
        'without_person' as counted,
        cast(count(*) filter (where person_id is null) as decimal(38, 0)) as amount
    from events

),

final as (

    select
        cast(entity as string) as entity,
        cast(counted as string) as counted,
        amount
    from counts
    where amount <> 0

)

select * from final
