-- What has happened, as it is known now: against this, scores of the past are judged.
with

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

visit_days as (

    select * from {{ ref("dovecote", "int_churn__visit_days") }}

),

final as (

    select
        'order' as activity,
        customer_id,
        order_date as activity_date,
        max(ordered_at) as last_at
    from purchases
    group by customer_id, order_date

    union all

    select
        'visit' as activity,
        customer_id,
        visit_date as activity_date,
        last_at
    from visit_days

)

select * from final
