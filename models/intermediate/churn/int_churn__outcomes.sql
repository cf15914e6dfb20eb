-- When those looked at in the past were next active: what has happened since, as it is known now.
with

histories as (

    select * from {{ ref("dovecote", "int_churn__histories") }}
    where is_in_sample

),

activity_days as (

    select * from {{ ref("dovecote", "int_churn__activity_days") }}

),

final as (

    select
        histories.activity,
        histories.cutoff_date,
        histories.customer_id,
        histories.recency_days,
        min(activity_days.activity_date) as next_activity_date
    from histories
    left join activity_days
        on
            histories.activity = activity_days.activity
            and histories.customer_id = activity_days.customer_id
            and histories.cutoff_date < activity_days.activity_date
    group by histories.activity, histories.cutoff_date, histories.customer_id, histories.recency_days

)

select * from final
