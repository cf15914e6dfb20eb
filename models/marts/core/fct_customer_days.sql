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
        actions,
        first_at,
        last_at,
        orders,
        net_revenue
    from person_days

)

select * from final
