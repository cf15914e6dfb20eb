-- The chosen model's probabilities. Nobody is likelier to stay away for longer than for a shorter time: where a model
-- that is fitted horizon by horizon says so, the shorter horizon holds.
with

choices as (

    select * from {{ ref("dovecote", "int_churn__model_choice") }}

),

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}

),

model_scores as (

    select * from {{ ref("dovecote", "int_churn__model_scores") }}

),

final as (

    select
        model_scores.activity,
        model_scores.horizon_days,
        model_scores.cutoff_date,
        model_scores.customer_id,
        model_scores.model_name,
        model_scores.training_horizon_days,
        min(model_scores.churn_probability) over (
            partition by model_scores.activity, model_scores.cutoff_date, model_scores.customer_id
            order by model_scores.horizon_days
        ) as churn_probability
    from model_scores
    inner join spans
        on model_scores.activity = spans.activity and model_scores.fit_date = spans.as_of_date
    inner join choices
        on
            model_scores.activity = choices.activity
            and model_scores.horizon_days = choices.horizon_days
            and model_scores.model_name = choices.model_name

)

select * from final
