-- What stands behind the model_version of scores.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

churn_versions as (

    select * from {{ ref("dovecote", "int_churn__model_versions") }}
    where model_name is not null

),

fits as (

    select * from {{ ref("dovecote", "ml_churn__fits") }}
    where is_used

),

coefficients as (

    select
        activity,
        horizon_days,
        cutoff_date,
        max(training_customers) as training_customers,
        max(training_snapshots) as training_snapshots,
        max(training_horizon_days) as training_horizon_days,
        max(regularisation) as regularisation,
        max(feature_groups) as feature_groups,
        max(status) as fit_status
    from {{ ref("dovecote", "ml_churn__logistic_coefficients") }}
    group by activity, horizon_days, cutoff_date

),

churn_grades as (

    select
        activity,
        horizon_days,
        model_name,
        count(*) as past_cutoffs,
        avg(auc) as auc,
        avg(log_loss) as log_loss,
        avg(brier) as brier,
        avg(ece) as ece
    from {{ ref("dovecote", "ml_churn__evaluation") }}
    group by activity, horizon_days, model_name

),

final as (

    select
        churn_versions.model_version,
        'churn' as domain,
        true as is_published,
        churn_versions.model_name,
        churn_versions.activity,
        churn_versions.horizon_days,
        run.as_of_date as trained_to_date,
        coalesce(coefficients.training_customers, fits.customers) as training_customers,
        case
            when fits.activity is not null
                then {{ dovecote.columns_as_json([
                    "fits.r", "fits.alpha", "fits.a", "fits.b", "fits.s", "fits.beta", "fits.status"
                ]) }}
            when coefficients.activity is not null
                then {{ dovecote.columns_as_json([
                    "coefficients.regularisation", "coefficients.feature_groups", "coefficients.training_snapshots",
                    "coefficients.training_horizon_days", "coefficients.fit_status",
                ]) }}
        end as parameters,
        case
            when churn_grades.activity is not null
                then {{ dovecote.columns_as_json([
                    "churn_grades.past_cutoffs", "churn_grades.auc", "churn_grades.log_loss", "churn_grades.brier",
                    "churn_grades.ece",
                ]) }}
        end as metrics,
        churn_versions.input_fingerprint
    from churn_versions
    cross join run
    left join fits
        on
            churn_versions.activity = fits.activity
            and churn_versions.model_name = fits.model_name
            and run.as_of_date = fits.cutoff_date
    left join coefficients
        on
            churn_versions.activity = coefficients.activity
            and churn_versions.horizon_days = coefficients.horizon_days
            and run.as_of_date = coefficients.cutoff_date
            and churn_versions.model_name = 'logistic'
    left join churn_grades
        on
            churn_versions.activity = churn_grades.activity
            and churn_versions.horizon_days = churn_grades.horizon_days
            and churn_versions.model_name = churn_grades.model_name

)

select * from final
