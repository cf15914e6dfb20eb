-- Which model's probability is published: the one with the lowest mean log loss over the past cut-offs, among those
-- that SQL can score and that were fitted at as_of. Recency base rates are among them, so what is published is never
-- worse than they are. Where no past cut-off could be graded, the order of preference decides.
{% set preferences = ["logistic"] + dovecote.purchase_models() | reverse | list + ["recency_base_rate"] -%}

with

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}

),

horizons as (
    {{ dovecote.churn_horizons() | indent(4) }}

),

models as (
    {% for model_name in preferences %}
    select
        '{{ model_name }}' as model_name,
        {{ loop.index }} as preference
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

evaluation as (

    select * from {{ ref("dovecote", "ml_churn__evaluation") }}

),

-- Against the baseline at the same cut-off, as not every model is graded at every one.
compared as (

    select
        evaluation.activity,
        evaluation.horizon_days,
        evaluation.model_name,
        count(*) as graded_cutoffs,
        avg(evaluation.log_loss - baseline.log_loss) as log_loss_above_baseline
    from evaluation
    inner join evaluation as baseline
        on
            evaluation.activity = baseline.activity
            and evaluation.horizon_days = baseline.horizon_days
            and evaluation.cutoff_date = baseline.cutoff_date
            and baseline.model_name = 'recency_base_rate'
    group by evaluation.activity, evaluation.horizon_days, evaluation.model_name

),

coefficients as (

    select * from {{ ref("dovecote", "ml_churn__logistic_coefficients") }}
    where status = 'fitted' and feature_name = 'intercept'

),

fits as (

    select * from {{ ref("dovecote", "int_churn__usable_fits") }}

),

recency_rates as (

    select * from {{ ref("dovecote", "int_churn__recency_rates") }}
    where model_name = 'base_rate'

),

eligibilities as (

    select
        activity,
        cutoff_date,
        max(data_eligibility) as data_eligibility
    from fits
    group by activity, cutoff_date

),

candidates as (

    select
        spans.activity,
        horizons.horizon_days,
        models.model_name,
        models.preference,
        compared.graded_cutoffs,
        compared.log_loss_above_baseline,
        eligibilities.data_eligibility,
        case
            when models.model_name = 'recency_base_rate' then recency_rates.activity is not null
            when eligibilities.data_eligibility <> 'eligible' then false
            when models.model_name = 'logistic' then coefficients.activity is not null
            else coalesce(fits.eligibility = 'eligible', false)
        end as is_fitted
    from spans
    cross join horizons
    cross join models
    left join eligibilities
        on spans.activity = eligibilities.activity and spans.as_of_date = eligibilities.cutoff_date
    left join compared
        on
            spans.activity = compared.activity
            and horizons.horizon_days = compared.horizon_days
            and models.model_name = compared.model_name
    left join coefficients
        on
            spans.activity = coefficients.activity
            and horizons.horizon_days = coefficients.horizon_days
            and spans.as_of_date = coefficients.cutoff_date
    left join fits
        on
            spans.activity = fits.activity
            and spans.as_of_date = fits.cutoff_date
            and models.model_name = fits.model_name
    left join recency_rates
        on
            spans.activity = recency_rates.activity
            and horizons.horizon_days = recency_rates.horizon_days
            and spans.as_of_date = recency_rates.cutoff_date

),

ordered as (

    select
        *,
        row_number() over (
            partition by activity, horizon_days
            order by is_fitted desc, log_loss_above_baseline asc nulls last, preference asc
        ) as place,
        max(case when model_name <> 'recency_base_rate' and is_fitted then 1 else 0 end) over (
            partition by activity, horizon_days
        ) = 1 as has_fitted_model
    from candidates

),

final as (

    select
        activity,
        horizon_days,
        case when is_fitted then model_name end as model_name,
        graded_cutoffs,
        log_loss_above_baseline,
        case
            when not is_fitted then 'too_short_history'
            when data_eligibility <> 'eligible' then data_eligibility
            when not has_fitted_model then 'model_not_identified'
            else 'eligible'
        end as eligibility
    from ordered
    where place = 1

)

select * from final
