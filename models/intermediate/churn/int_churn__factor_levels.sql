-- The hypergeometric parts of a score depend on few distinct numbers: they are worked out once for each.
with

scored_tuples as (

    select * from {{ ref("dovecote", "int_churn__scored_tuples") }}

),

models as (

    {%- for model_name in dovecote.purchase_models() %}
    select '{{ model_name }}' as model_name {{ "union all" if not loop.last }}
    {%- endfor %}

),

ages as (

    select distinct
        activity,
        fit_date,
        repeat_days,
        age_days,
        horizon_days
    from scored_tuples

),

tails as (

    select
        activity,
        fit_date,
        repeat_days,
        age_days as days
    from ages

    union

    select
        activity,
        fit_date,
        repeat_days,
        age_days + horizon_days as days
    from ages

    union

    select
        activity,
        fit_date,
        repeat_days,
        first_to_last_days as days
    from scored_tuples

),

final as (

    select
        ages.activity,
        ages.fit_date as cutoff_date,
        models.model_name,
        'expected_orders_if_alive' as factor_name,
        ages.repeat_days,
        ages.age_days as days,
        ages.horizon_days
    from ages
    cross join models

    union all

    select
        activity,
        fit_date as cutoff_date,
        'pareto_nbd' as model_name,
        'pareto_tail' as factor_name,
        repeat_days,
        days,
        0 as horizon_days
    from tails

)

select * from final
