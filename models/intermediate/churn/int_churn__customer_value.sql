-- Expected purchases times expected spend, at as_of, at the day alerts compare it with, and at the past day at which
-- value is graded. What is expected from as_of on is discounted, quarter by quarter, from the middle of each.
with

histories as (

    select * from {{ ref("dovecote", "int_churn__histories") }}
    where activity = 'order'

),

cutoffs as (

    select * from {{ ref("dovecote", "int_churn__cutoffs") }}
    where activity = 'order'

),

value_snapshots as (

    select * from {{ ref("dovecote", "int_churn__value_snapshots") }}

),

purchase_model as (

    select * from {{ ref("dovecote", "int_churn__purchase_model") }}
    where activity = 'order' and is_usable

),

tuple_scores as (

    select * from {{ ref("dovecote", "int_churn__tuple_scores") }}
    where activity = 'order'

),

spend_fits as (

    select * from {{ ref("dovecote", "int_churn__spend_fits") }}
    where is_usable

),

horizons as (

    select
        cutoffs.cutoff_date,
        cutoffs.fit_date,
        value_snapshots.horizon_days as value_horizon_days,
        value_snapshots.is_as_of as is_fitted_at_as_of,
        tuple_scores.horizon_days,
        tuple_scores.repeat_days,
        tuple_scores.first_to_last_days,
        tuple_scores.age_days,
        tuple_scores.p_alive,
        tuple_scores.expected_orders,
        tuple_scores.churn_probability,
        purchase_model.model_name,
        purchase_model.r,
        purchase_model.alpha,
        lag(tuple_scores.horizon_days, 1, 0) over horizons_in_order as previous_horizon_days,
        lag(tuple_scores.expected_orders, 1, 0) over horizons_in_order as previous_expected_orders
    from cutoffs
    inner join value_snapshots
        on cutoffs.fit_date = value_snapshots.snapshot_date
    inner join purchase_model
        on cutoffs.fit_date = purchase_model.cutoff_date
    inner join tuple_scores
        on
            cutoffs.cutoff_date = tuple_scores.cutoff_date
            and cutoffs.fit_date = tuple_scores.fit_date
            and purchase_model.model_name = tuple_scores.model_name
    where
        tuple_scores.horizon_days = value_snapshots.horizon_days
        or (value_snapshots.is_as_of and tuple_scores.horizon_days in ({{ dovecote.value_horizons() | join(", ") }}))
    window horizons_in_order as (
        partition by
            cutoffs.cutoff_date,
            cutoffs.fit_date,
            tuple_scores.repeat_days,
            tuple_scores.first_to_last_days,
            tuple_scores.age_days
        order by tuple_scores.horizon_days
    )

),

tuples as (

    select
        cutoff_date,
        fit_date,
        value_horizon_days,
        is_fitted_at_as_of,
        repeat_days,
        first_to_last_days,
        age_days,
        p_alive,
        model_name,
        r,
        alpha,
        max(case when horizon_days = value_horizon_days then expected_orders end) as expected_orders,
        max(case when horizon_days = value_horizon_days then churn_probability end) as no_order_probability,
        sum(
            case
                when is_fitted_at_as_of
                    then {{ dovecote.discounted(
                        "(expected_orders - previous_expected_orders)", "((horizon_days + previous_horizon_days) / 2.0)"
                    ) }}
                else expected_orders - previous_expected_orders
            end
        ) as discounted_orders
    from horizons
    group by
        cutoff_date,
        fit_date,
        value_horizon_days,
        is_fitted_at_as_of,
        repeat_days,
        first_to_last_days,
        age_days,
        p_alive,
        model_name,
        r,
        alpha

),

final as (

    select
        histories.customer_id,
        tuples.cutoff_date,
        tuples.fit_date,
        tuples.value_horizon_days as horizon_days,
        tuples.is_fitted_at_as_of and tuples.cutoff_date = tuples.fit_date as is_as_of,
        tuples.model_name,
        tuples.p_alive,
        tuples.expected_orders,
        tuples.no_order_probability,
        {{ dovecote.expected_spend("histories.repeat_days", "histories.mean_repeat_spend") | indent(8) }}
            as expected_spend,
        tuples.discounted_orders
        * {{ dovecote.expected_spend("histories.repeat_days", "histories.mean_repeat_spend") | indent(8) }}
            as predicted_value,
        power(
            (tuples.alpha + tuples.age_days) / (tuples.alpha + tuples.age_days + {{ dovecote.value_horizon_days() }}),
            tuples.r + tuples.repeat_days
        ) as no_order_in_a_year_if_alive,
        (tuples.alpha + tuples.age_days) as exposure_days,
        (tuples.r + tuples.repeat_days) as purchase_shape
    from tuples
    inner join histories
        on
            tuples.cutoff_date = histories.cutoff_date
            and tuples.repeat_days = histories.repeat_days
            and tuples.first_to_last_days = histories.first_to_last_days
            and tuples.age_days = histories.age_days
    inner join spend_fits
        on tuples.fit_date = spend_fits.cutoff_date
    where histories.is_in_sample or tuples.is_fitted_at_as_of

)

select * from final
