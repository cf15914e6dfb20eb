-- Which model's probabilities are published, one for all horizons of an activity, so that they fit together. Of the
-- models that were fitted at as_of and were, over the past cut-offs of every horizon, no worse than the naive baseline,
-- the best has the lowest mean log loss. Others that are within two standard errors of it at every horizon are as good,
-- as far as the data can tell; of these the preferred is taken: the one that can be explained. Where no past cut-off
-- could be graded, preference alone decides.

with

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}
    where activity in ({{ dovecote.quoted_list(var("dovecote_churn_activities")) }})

),

horizons as (
    {{ dovecote.churn_horizons() | indent(4) }}

),

horizon_count as (

    select count(*) as horizons
    from horizons

),

models as (
    {% for model_name in dovecote.publishable_models() %}
    select
        '{{ model_name }}' as model_name,
        {{ loop.index }} as preference
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

candidate_losses as (

    select * from {{ ref("dovecote", "int_churn__candidate_losses") }}

),

graded_horizons as (

    select
        activity,
        model_name,
        horizon_days,
        count(*) as losses,
        count(distinct cutoff_date) as graded_cutoffs,
        avg(log_loss_over_baseline) as log_loss_over_baseline
    from candidate_losses
    group by activity, model_name, horizon_days

),

graded as (

    select
        activity,
        model_name,
        min(graded_cutoffs) as graded_cutoffs,
        sum(losses * log_loss_over_baseline) / sum(losses) as log_loss_over_baseline,
        max(log_loss_over_baseline) as worst_log_loss_over_baseline
    from graded_horizons
    group by activity, model_name

),

coefficients as (

    select
        activity,
        cutoff_date,
        count(*) as fitted_horizons
    from {{ ref("dovecote", "ml_churn__logistic_coefficients") }}
    where status = 'fitted' and feature_name = 'intercept'
    group by activity, cutoff_date

),

fits as (

    select * from {{ ref("dovecote", "int_churn__usable_fits") }}

),

recency_rates as (

    select
        activity,
        cutoff_date,
        count(*) as fitted_horizons
    from {{ ref("dovecote", "int_churn__recency_rates") }}
    where model_name = 'base_rate'
    group by activity, cutoff_date

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
        models.model_name,
        models.preference,
        graded.graded_cutoffs,
        graded.log_loss_over_baseline,
        graded.worst_log_loss_over_baseline,
        eligibilities.data_eligibility,
        case
            when models.model_name = '{{ dovecote.naive_baseline() }}'
                then coalesce(recency_rates.fitted_horizons = horizon_count.horizons, false)
            when eligibilities.data_eligibility <> 'eligible' then false
            when models.model_name = 'logistic'
                then coalesce(coefficients.fitted_horizons = horizon_count.horizons, false)
            else coalesce(fits.eligibility = 'eligible', false)
        end as is_fitted
    from spans
    cross join horizon_count
    cross join models
    left join eligibilities
        on spans.activity = eligibilities.activity and spans.as_of_date = eligibilities.cutoff_date
    left join graded
        on spans.activity = graded.activity and models.model_name = graded.model_name
    left join coefficients
        on spans.activity = coefficients.activity and spans.as_of_date = coefficients.cutoff_date
    left join fits
        on
            spans.activity = fits.activity
            and spans.as_of_date = fits.cutoff_date
            and models.model_name = fits.model_name
    left join recency_rates
        on spans.activity = recency_rates.activity and spans.as_of_date = recency_rates.cutoff_date

),

-- Where any model was graded, one that was not has nothing to say for itself.
admitted as (

    select
        *,
        count(case when is_fitted then graded_cutoffs end) over (partition by activity) = 0 as is_ungraded,
        count(case when is_fitted and model_name <> '{{ dovecote.naive_baseline() }}' then 1 end) over (
            partition by activity
        ) > 0 as has_fitted_model
    from candidates

),

standing as (

    select
        *,
        is_fitted and (is_ungraded or worst_log_loss_over_baseline <= 0) as is_standing
    from admitted

),

best as (

    select
        activity,
        model_name
    from standing
    where is_standing and not is_ungraded
    qualify row_number() over (
        partition by activity
        order by log_loss_over_baseline asc, preference asc
    ) = 1

),

-- A customer's losses at several cut-offs resemble each other, so customers, not losses, are counted.
differences as (

    select
        candidate_losses.activity,
        candidate_losses.model_name,
        candidate_losses.horizon_days,
        candidate_losses.customer_id,
        sum(candidate_losses.log_loss_over_baseline - best_losses.log_loss_over_baseline) as difference
    from candidate_losses
    inner join best
        on candidate_losses.activity = best.activity
    inner join candidate_losses as best_losses
        on
            best.activity = best_losses.activity
            and best.model_name = best_losses.model_name
            and candidate_losses.horizon_days = best_losses.horizon_days
            and candidate_losses.cutoff_date = best_losses.cutoff_date
            and candidate_losses.customer_id = best_losses.customer_id
    group by
        candidate_losses.activity,
        candidate_losses.model_name,
        candidate_losses.horizon_days,
        candidate_losses.customer_id

),

behind as (

    select
        activity,
        model_name,
        horizon_days,
        avg(difference) as mean_difference,
        coalesce(stddev_samp(difference), 0) / sqrt(count(*)) as standard_error
    from differences
    group by activity, model_name, horizon_days

),

ties as (

    select
        activity,
        model_name,
        min(mean_difference <= {{ dovecote.standard_errors_of_a_tie() }} * standard_error) as is_tied
    from behind
    group by activity, model_name

),

ordered as (

    select
        standing.*,
        row_number() over (
            partition by standing.activity
            order by
                standing.is_standing desc,
                standing.is_fitted desc,
                standing.is_ungraded or coalesce(ties.is_tied, false) desc,
                standing.preference asc
        ) as place
    from standing
    left join ties
        on standing.activity = ties.activity and standing.model_name = ties.model_name

),

final as (

    select
        ordered.activity,
        horizons.horizon_days,
        case when ordered.is_fitted then ordered.model_name end as model_name,
        ordered.graded_cutoffs,
        ordered.log_loss_over_baseline,
        case
            when coalesce(ordered.data_eligibility, 'too_short_history') <> 'eligible'
                then coalesce(ordered.data_eligibility, 'too_short_history')
            when not ordered.is_fitted then 'no_known_past'
            when not ordered.has_fitted_model then 'model_not_identified'
            else 'eligible'
        end as eligibility
    from ordered
    cross join horizons
    where ordered.place = 1

)

select * from final
