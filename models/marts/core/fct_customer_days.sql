{{ config(materialized="view") }}
{#- a view: int_activity__person_days holds these rows already, and millions of them -#}

with

person_days as (

    select * from {{ dovecote.in_same_database(ref("dovecote", "int_activity__person_days")) }}

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
