-- Scores of past cut-offs beside what happened, as counts of equal scores.
with

model_scores as (

    select * from {{ ref("dovecote", "int_churn__model_scores") }}
    where is_churned is not null

),

final as (

    select
        activity,
        horizon_days,
        cutoff_date,
        model_name,
        training_horizon_days,
        {{ dovecote.rounded("churn_probability", 6) }} as churn_probability,
        count(*) as customers,
        count(*) filter (where is_churned) as churned
    from model_scores
    group by
        activity,
        horizon_days,
        cutoff_date,
        model_name,
        training_horizon_days,
        {{ dovecote.rounded("churn_probability", 6) }}

)

select * from final
