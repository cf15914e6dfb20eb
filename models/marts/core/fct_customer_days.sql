with

person_days as (

    select * from {{ ref("dovecote", "int_activity__person_days") }}

),

final as (

    select
        person_id,
        activity,
        activity_date,
        cast(actions as bigint) as actions,
        first_at,
        last_at,
        cast(orders as bigint) as orders,
        net_revenue
    from person_days

)

select * from final
