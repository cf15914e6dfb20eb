with

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where not is_excluded

),

choices as (

    select * from {{ ref("dovecote", "int_churn__model_choice") }}

),

model_versions as (

    select * from {{ ref("dovecote", "int_churn__model_versions") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

histories as (

    select histories.*
    from {{ ref("dovecote", "int_churn__histories") }} as histories
    inner join run
        on histories.cutoff_date = run.as_of_date

),

published_scores as (

    select published_scores.*
    from {{ ref("dovecote", "int_churn__published_scores") }} as published_scores
    inner join run
        on published_scores.cutoff_date = run.as_of_date

),

purchase_model as (

    select * from {{ ref("dovecote", "int_churn__purchase_model") }}
    where is_usable

),

-- The purchase model that is published, if one is, else the one that counts purchases.
purchase_models as (

    select
        choices.activity,
        choices.horizon_days,
        case
            when choices.model_name in ({{ dovecote.quoted_list(dovecote.purchase_models()) }}) then choices.model_name
            else purchase_model.model_name
        end as model_name
    from choices
    cross join run
    inner join purchase_model
        on choices.activity = purchase_model.activity and run.as_of_date = purchase_model.cutoff_date

),

purchase_scores as (

    select tuple_scores.*
    from {{ ref("dovecote", "int_churn__tuple_scores") }} as tuple_scores
    inner join run
        on tuple_scores.cutoff_date = run.as_of_date and tuple_scores.fit_date = run.as_of_date
    inner join purchase_models
        on
            tuple_scores.activity = purchase_models.activity
            and tuple_scores.horizon_days = purchase_models.horizon_days
            and tuple_scores.model_name = purchase_models.model_name

),

reasons as (

    select * from {{ ref("dovecote", "int_churn__reasons") }}

),

final as (

    select
        cast(customers.customer_id as string) as customer_id,
        cast(choices.activity as string) as activity,
        cast(choices.horizon_days as integer) as horizon_days,
        cast(published_scores.churn_probability as double) as churn_probability,
        cast(purchase_scores.p_alive as double) as p_alive,
        cast(purchase_scores.expected_orders as double) as expected_orders,
        cast({{ dovecote.risk_band("published_scores.churn_probability") | indent(8) }} as string) as risk_band,
        cast(reasons.reason_1 as string) as reason_1,
        cast(reasons.reason_2 as string) as reason_2,
        cast(reasons.reason_3 as string) as reason_3,
        cast(published_scores.model_name as string) as model_name,
        cast(published_scores.training_horizon_days as integer) as training_horizon_days,
        cast(
            case when published_scores.customer_id is not null then model_versions.model_version end as string
        ) as model_version,
        cast(
            case
                when histories.customer_id is null then 'never_active'
                else choices.eligibility
            end as string
        ) as eligibility
    from customers
    cross join choices
    inner join model_versions
        on choices.activity = model_versions.activity and choices.horizon_days = model_versions.horizon_days
    left join histories
        on customers.customer_id = histories.customer_id and choices.activity = histories.activity
    left join published_scores
        on
            customers.customer_id = published_scores.customer_id
            and choices.activity = published_scores.activity
            and choices.horizon_days = published_scores.horizon_days
    left join purchase_scores
        on
            histories.activity = purchase_scores.activity
            and choices.horizon_days = purchase_scores.horizon_days
            and histories.repeat_days = purchase_scores.repeat_days
            and histories.first_to_last_days = purchase_scores.first_to_last_days
            and histories.age_days = purchase_scores.age_days
    left join reasons
        on
            customers.customer_id = reasons.customer_id
            and choices.activity = reasons.activity
            and choices.horizon_days = reasons.horizon_days

)

select * from final
