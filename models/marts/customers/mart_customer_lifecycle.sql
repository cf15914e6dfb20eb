with

snapshots as (

    select * from {{ ref("dovecote", "int_customers__lifecycle_snapshots") }}
    where is_as_of

),

final as (

    select
        customer_id,
        stage,
        since,
        cast(cadence_days as double) as cadence_days,
        cast(recency_days as integer) as recency_days,
        cast(purchases as bigint) as purchases
    from snapshots

)

select * from final
