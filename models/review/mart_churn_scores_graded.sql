with

scores as (

    select * from {{ ref("dovecote", "hist_churn_scores") }}

),

green_runs as (
    {{ dovecote.green_runs(ref("dovecote", "mart_builds")) | indent(4) }}
),

run as (

    select {{ dovecote.last_whole_date() | indent(8) }} as last_whole_date
    from {{ ref("dovecote", "int_core__run") }}

),

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where not is_excluded

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

activity_days as (

    select * from {{ ref("dovecote", "int_churn__activity_days") }}

),

elapsed as (

    select
        scores.as_of_date,
        scores.as_of,
        scores.run_id,
        scores.customer_id,
        scores.activity,
        scores.horizon_days,
        scores.churn_probability,
        scores.model_name,
        scores.model_version,
        coalesce(customer_merges.customer_id, scores.customer_id) as present_customer_id
    from scores
    inner join green_runs
        on scores.run_id = green_runs.run_id
    inner join run
        on run.last_whole_date >= {{ dovecote.date_plus_days("scores.as_of_date", "scores.horizon_days") }}
    left join customer_merges
        on scores.customer_id = customer_merges.from_customer_id
    inner join customers
        on coalesce(customer_merges.customer_id, scores.customer_id) = customers.customer_id

),

followed as (

    select
        elapsed.as_of_date,
        elapsed.run_id,
        elapsed.customer_id,
        elapsed.activity,
        elapsed.horizon_days,
        elapsed.churn_probability,
        elapsed.model_name,
        elapsed.model_version,
        min(activity_days.activity_date) as next_activity_date
    from elapsed
    left join activity_days
        on
            elapsed.activity = activity_days.activity
            and elapsed.present_customer_id = activity_days.customer_id
            and elapsed.as_of <= activity_days.last_at
    group by
        elapsed.as_of_date,
        elapsed.run_id,
        elapsed.customer_id,
        elapsed.activity,
        elapsed.horizon_days,
        elapsed.churn_probability,
        elapsed.model_name,
        elapsed.model_version

),

judged as (

    select
        *,
        {{ dovecote.is_churned(
            "next_activity_date", dovecote.date_plus_days("as_of_date", "horizon_days")
        ) }} as is_churned
    from followed

),

final as (

    select
        cast(as_of_date as date) as as_of_date,
        cast(customer_id as string) as customer_id,
        cast(activity as string) as activity,
        cast(horizon_days as integer) as horizon_days,
        cast(churn_probability as double) as churn_probability,
        cast(is_churned as boolean) as is_churned,
        cast(next_activity_date as date) as next_activity_date,
        cast(power(churn_probability - case when is_churned then 1 else 0 end, 2) as double) as squared_error,
        cast(model_name as string) as model_name,
        cast(model_version as string) as model_version,
        cast(run_id as string) as run_id
    from judged

)

select * from final
