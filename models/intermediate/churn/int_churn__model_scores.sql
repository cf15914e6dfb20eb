-- Every model's churn probability of every customer that it scores, at cut-offs, and at the day alerts compare with;
-- beside what happened, where that is known.
with

snapshots as (

    select * from {{ ref("dovecote", "int_churn__snapshots") }}

),

scored as (

    select
        activity,
        horizon_days,
        cutoff_date,
        is_as_of,
        max(case when snapshot_number > 0 then snapshot_horizon_days end) as training_horizon_days
    from snapshots
    group by activity, horizon_days, cutoff_date, is_as_of

),

facts as (

    select
        facts_at_cutoffs.*,
        scored.training_horizon_days
    from {{ ref("dovecote", "int_churn__facts_at_cutoffs") }} as facts_at_cutoffs
    inner join scored
        on
            facts_at_cutoffs.activity = scored.activity
            and facts_at_cutoffs.horizon_days = scored.horizon_days
            and facts_at_cutoffs.fit_date = scored.cutoff_date

),

tuple_scores as (

    select * from {{ ref("dovecote", "int_churn__tuple_scores") }}

),

logistic_scores as (

    select * from {{ ref("dovecote", "int_churn__logistic_scores") }}

),

recency_rates as (

    select * from {{ ref("dovecote", "int_churn__recency_rates") }}

),

challenger_scores as (

    select * from {{ ref("dovecote", "ml_churn__challenger_scores") }}

),

by_history as (

    select
        facts.activity,
        facts.horizon_days,
        facts.fit_date,
        facts.cutoff_date,
        facts.customer_id,
        tuple_scores.model_name,
        cast(null as integer) as training_horizon_days,
        tuple_scores.churn_probability,
        facts.is_churned
    from facts
    inner join tuple_scores
        on
            facts.activity = tuple_scores.activity
            and facts.fit_date = tuple_scores.fit_date
            and facts.cutoff_date = tuple_scores.cutoff_date
            and facts.horizon_days = tuple_scores.horizon_days
            and facts.repeat_days = tuple_scores.repeat_days
            and facts.first_to_last_days = tuple_scores.first_to_last_days
            and facts.age_days = tuple_scores.age_days

),

by_features as (

    select
        logistic_scores.activity,
        logistic_scores.horizon_days,
        logistic_scores.fit_date,
        logistic_scores.cutoff_date,
        logistic_scores.customer_id,
        'logistic' as model_name,
        scored.training_horizon_days,
        logistic_scores.churn_probability,
        logistic_scores.is_churned
    from logistic_scores
    inner join scored
        on
            logistic_scores.activity = scored.activity
            and logistic_scores.horizon_days = scored.horizon_days
            and logistic_scores.fit_date = scored.cutoff_date

),

by_recency as (

    select
        facts.activity,
        facts.horizon_days,
        facts.fit_date,
        facts.cutoff_date,
        facts.customer_id,
        recency_rates.model_name,
        facts.training_horizon_days,
        recency_rates.churn_rate as churn_probability,
        facts.is_churned
    from facts
    inner join recency_rates
        on
            facts.activity = recency_rates.activity
            and facts.horizon_days = recency_rates.horizon_days
            and facts.fit_date = recency_rates.cutoff_date
            and facts.recency_days / cast(facts.horizon_days as double) >= recency_rates.recency_from
            and (
                facts.recency_days / cast(facts.horizon_days as double) < recency_rates.recency_before
                or recency_rates.recency_before is null
            )

),

by_challengers as (

    select
        facts.activity,
        facts.horizon_days,
        facts.fit_date,
        facts.cutoff_date,
        facts.customer_id,
        challenger_scores.model_name,
        facts.training_horizon_days,
        challenger_scores.churn_probability,
        facts.is_churned
    from facts
    inner join challenger_scores
        on
            facts.activity = challenger_scores.activity
            and facts.horizon_days = challenger_scores.horizon_days
            and facts.fit_date = challenger_scores.cutoff_date
            and facts.cutoff_date = challenger_scores.cutoff_date
            and facts.customer_id = challenger_scores.customer_id

),

final as (

    select * from by_history

    union all

    select * from by_features

    union all

    select * from by_recency

    union all

    select * from by_challengers

)

select * from final
