-- The log loss of each publishable model for each customer at past cut-offs, over that of the naive baseline.
with

model_scores as (

    select * from {{ ref("dovecote", "int_churn__model_scores") }}
    where model_name in ({{ dovecote.quoted_list(dovecote.publishable_models()) }})

),

facts as (

    select * from {{ ref("dovecote", "int_churn__facts_at_cutoffs") }}
    where is_churned is not null

),

losses as (

    select
        model_scores.activity,
        model_scores.horizon_days,
        model_scores.cutoff_date,
        model_scores.customer_id,
        model_scores.model_name,
        -ln(
            greatest(
                case
                    when facts.is_churned then model_scores.churn_probability
                    else 1 - model_scores.churn_probability
                end,
                0.000001
            )
        ) as log_loss
    from model_scores
    inner join facts
        on
            model_scores.activity = facts.activity
            and model_scores.horizon_days = facts.horizon_days
            and model_scores.fit_date = facts.fit_date
            and model_scores.cutoff_date = facts.cutoff_date
            and model_scores.customer_id = facts.customer_id

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
