-- The log loss of each publishable model for each customer at past cut-offs, over that of the naive baseline.
with

model_scores as (

    select * from {{ ref("dovecote", "int_churn__model_scores") }}
    where is_churned is not null and model_name in ({{ dovecote.quoted_list(dovecote.publishable_models()) }})

),

losses as (

    select
        activity,
        horizon_days,
        cutoff_date,
        customer_id,
        model_name,
        -ln(greatest(case when is_churned then churn_probability else 1 - churn_probability end, 0.000001)) as log_loss
    from model_scores

),

baseline as (

    select * from losses
    where model_name = '{{ dovecote.naive_baseline() }}'

),

final as (

    select
        losses.activity,
        losses.horizon_days,
        losses.cutoff_date,
        losses.customer_id,
        losses.model_name,
        losses.log_loss - baseline.log_loss as log_loss_over_baseline
    from losses
    inner join baseline
        on
            losses.activity = baseline.activity
            and losses.horizon_days = baseline.horizon_days
            and losses.cutoff_date = baseline.cutoff_date
            and losses.customer_id = baseline.customer_id

)

select * from final
