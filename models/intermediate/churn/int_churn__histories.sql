with

orders as (

    select * from {{ ref("dovecote", "int_core__dated_orders") }}

),

visit_days as (

    select * from {{ ref("dovecote", "int_churn__visit_days") }}

),

customers as (

    select * from {{ ref("dovecote", "int_churn__customers") }}

),

needed as (

    select * from {{ ref("dovecote", "int_churn__cutoffs") }}

),

actions as (

    select
        'order' as activity,
        customer_id,
        order_date as activity_date,
        cancelled_date,
        gross_amount,
        discount_amount,
        refund_amount,
        refunded_date
    from orders

    union all

    select
        'visit' as activity,
        customer_id,
        visit_date as activity_date,
        cast(null as date) as cancelled_date,
        0 as gross_amount,
        0 as discount_amount,
        0 as refund_amount,
        cast(null as date) as refunded_date
    from visit_days

),

cutoffs as (

    select
        activity,
        cutoff_date,
        max(is_as_of) as is_as_of
    from needed
    group by activity, cutoff_date

),

{{ dovecote.activity_histories("actions", "cutoffs", "customers") }},

final as (

    select
        activity,
        cutoff_date,
        customer_id,
        first_date,
        last_date,
        repeat_days,
        {{ dovecote.days_between("first_date", "last_date") }} as first_to_last_days,
        {{ dovecote.days_between("first_date", "cutoff_date") }} as age_days,
        {{ dovecote.days_between("last_date", "cutoff_date") }} as recency_days,
        last_gap_days,
        repeat_amount / nullif(repeat_days, 0) as mean_repeat_spend,
        is_in_sample
    from histories

)

select * from final
