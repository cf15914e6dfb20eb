-- The log-odds of churn, feature by feature: contributions and intercept add up to the score.
with

features as (

    select * from {{ ref("dovecote", "int_churn__features") }}

),

coefficients as (

    select * from {{ ref("dovecote", "ml_churn__logistic_coefficients") }}
    where status = 'fitted'

),

models as (

    select
        activity,
        horizon_days,
        cutoff_date as fit_date,
        max(training_horizon_days) as training_horizon_days,
        {%- for feature in dovecote.churn_features() %}
        {%- set is_feature = "feature_name = '" ~ feature.name ~ "'" %}
        coalesce(max(case when {{ is_feature }} then coefficient end), 0) as {{ feature.name }}_coefficient,
        coalesce(max(case when {{ is_feature }} then center end), 0) as {{ feature.name }}_center,
        coalesce(max(case when {{ is_feature }} then scale end), 1) as {{ feature.name }}_scale,
        {%- endfor %}
        max(case when feature_name = 'intercept' then coefficient end) as intercept
    from coefficients
    group by activity, horizon_days, cutoff_date

),

contributed as (

    select
        features.activity,
        features.horizon_days,
        features.fit_date,
        features.cutoff_date,
        features.customer_id,
        features.is_churned,
        models.training_horizon_days,
        {%- for feature in dovecote.churn_features() %}
        {{ dovecote.contribution(feature.name) }} as {{ feature.name }}_contribution,
        {%- endfor %}
        models.intercept
    from features
    inner join models
        on
            features.activity = models.activity
            and features.horizon_days = models.horizon_days
            and features.fit_date = models.fit_date

),

added as (

    select
        *,
        intercept
        {%- for feature in dovecote.churn_features() %}
        + {{ feature.name }}_contribution
        {%- endfor %} as log_odds
    from contributed

),

final as (

    select
        *,
        1 / (1 + exp(least(greatest(-log_odds, -700), 700))) as churn_probability
    from added

)

select * from final
