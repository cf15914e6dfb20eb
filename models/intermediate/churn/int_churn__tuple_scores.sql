with

scored_tuples as (

    select * from {{ ref("dovecote", "int_churn__scored_tuples") }}

),

fits as (

    select * from {{ ref("dovecote", "int_churn__usable_fits") }}
    where eligibility = 'eligible'

),

factors as (

    select * from {{ ref("dovecote", "ml_churn__factors") }}

),

tails as (

    select * from factors
    where factor_name = 'pareto_tail'

),

prepared as (

    select
        scored_tuples.*,
        fits.model_name,
        fits.r,
        fits.alpha,
        fits.a,
        fits.b,
        fits.s,
        fits.beta,
        factors.factor as expected_orders_if_alive,
        tails_at_last.factor as tail_at_last,
        tails_at_age.factor as tail_at_age,
        tails_at_horizon.factor as tail_at_horizon
    from scored_tuples
    inner join fits
        on scored_tuples.activity = fits.activity and scored_tuples.fit_date = fits.cutoff_date
    inner join factors
        on
            fits.activity = factors.activity
            and fits.cutoff_date = factors.cutoff_date
            and fits.model_name = factors.model_name
            and scored_tuples.repeat_days = factors.repeat_days
            and scored_tuples.age_days = factors.days
            and scored_tuples.horizon_days = factors.horizon_days
            and factors.factor_name = 'expected_orders_if_alive'
    {%- for tail, days in [
        ("tails_at_last", "scored_tuples.first_to_last_days"),
        ("tails_at_age", "scored_tuples.age_days"),
        ("tails_at_horizon", "scored_tuples.age_days + scored_tuples.horizon_days"),
    ] %}
    left join tails as {{ tail }}
        on
            fits.activity = {{ tail }}.activity
            and fits.cutoff_date = {{ tail }}.cutoff_date
            and fits.model_name = {{ tail }}.model_name
            and scored_tuples.repeat_days = {{ tail }}.repeat_days
            and {{ tail }}.days = {{ days }}
    {%- endfor %}

),

conditioned as (

    select
        *,
        1 / (1 + {{ dovecote.odds_of_having_left() | indent(8) }}) as p_alive,
        {{ dovecote.no_purchase_if_alive() | indent(8) }} as no_purchase_if_alive
    from prepared

),

final as (

    select
        activity,
        fit_date,
        cutoff_date,
        horizon_days,
        model_name,
        repeat_days,
        first_to_last_days,
        age_days,
        p_alive,
        1 - p_alive * (1 - no_purchase_if_alive) as churn_probability,
        p_alive * expected_orders_if_alive as expected_orders
    from conditioned

)

select * from final
