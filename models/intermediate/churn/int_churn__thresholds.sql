-- From which probability a customer is called a churner when calls are graded: the share that churned in training.
with

graded_scores as (

    select distinct
        activity,
        horizon_days,
        cutoff_date,
        model_name
    from {{ ref("dovecote", "int_churn__graded_scores") }}

),

base_rates as (

    select * from {{ ref("dovecote", "int_churn__recency_rates") }}
    where model_name = 'base_rate'

),

final as (

    select
        graded_scores.activity,
        graded_scores.horizon_days,
        graded_scores.cutoff_date,
        graded_scores.model_name,
        {{ dovecote.rounded("base_rates.churn_rate", 6) }} as threshold
    from graded_scores
    inner join base_rates
        on
            graded_scores.activity = base_rates.activity
            and graded_scores.horizon_days = base_rates.horizon_days
            and graded_scores.cutoff_date = base_rates.cutoff_date

)

select * from final
