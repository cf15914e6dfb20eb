-- How far the history of each activity reaches: back to the day by which a hundredth of its customers were known, fifty
-- at most, as a stray order of long ago is no history.
with

run as (

    select
        as_of_date,
        {{ dovecote.last_whole_date() | indent(8) }} as last_whole_date
    from {{ ref("dovecote", "int_core__run") }}

),

orders as (

    select * from {{ ref("dovecote", "int_core__dated_orders") }}

),

visit_days as (

    select * from {{ ref("dovecote", "int_churn__visit_days") }}

),

first_days as (

    select
        'order' as activity,
        customer_id,
        min(order_date) as first_date
    from orders
    group by customer_id

    union all

    select
        'visit' as activity,
        customer_id,
        min(visit_date) as first_date
    from visit_days
    group by customer_id

),

activities as (

    select
        activity,
        first_date
    from first_days
    qualify
        row_number() over (partition by activity order by first_date, customer_id)
        = least(50, ceil(count(*) over (partition by activity) / 100.0))

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

)

select * from final
