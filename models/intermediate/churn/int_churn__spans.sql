-- How far the history of each activity reaches.
with

run as (

    select
        as_of_date,
        {{ dovecote.last_whole_date() | indent(8) }} as last_whole_date
    from {{ ref("dovecote", "int_core__run") }}

),

orders as (

    select * from {{ ref("dovecote", "int_churn__orders") }}

),

visit_days as (

    select * from {{ ref("dovecote", "int_churn__visit_days") }}

),

activities as (

    select
        'order' as activity,
        min(order_date) as first_date
    from orders

    union all

    select
        'visit' as activity,
        min(visit_date) as first_date
    from visit_days

),

final as (

    select
        activities.activity,
        activities.first_date,
        run.as_of_date,
        run.last_whole_date,
        {{ dovecote.days_between("activities.first_date", "run.last_whole_date") }} + 1 as history_days
    from activities
    cross join run
    where activities.first_date is not null

)

select * from final
