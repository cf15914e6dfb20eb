-- Scores of past cut-offs beside what happened, as counts of equal scores.
with

model_scores as (

    select * from {{ ref("dovecote", "int_churn__model_scores") }}

),

facts as (

    select * from {{ ref("dovecote", "int_churn__facts_at_cutoffs") }}
    where is_churned is not null

),

final as (

    select
        model_scores.activity,
        model_scores.horizon_days,
        model_scores.cutoff_date,
        model_scores.model_name,
        model_scores.training_horizon_days,
        round(model_scores.churn_probability, 6) as churn_probability,
        count(*) as customers,
        count(*) filter (where facts.is_churned) as churned
    from model_scores
    inner join facts
        on
            model_scores.activity = facts.activity
            and model_scores.horizon_days = facts.horizon_days
            and model_scores.fit_date = facts.fit_date
            and model_scores.cutoff_date = facts.cutoff_date
            and model_scores.customer_id = facts.customer_id
    group by
        model_scores.activity,
        model_scores.horizon_days,
        model_scores.cutoff_date,
        model_scores.model_name,
        model_scores.training_horizon_days,
        round(model_scores.churn_probability, 6)

)

select * from final
