-- The histories that are scored, with the horizon and the day of the fit: all customers now, a sample in the past.
with

tuples as (

    select * from {{ ref("dovecote", "int_churn__tuples") }}

),

scored_horizons as (

    select * from {{ ref("dovecote", "int_churn__scored_horizons") }}

),

final as (

    select
        scored_horizons.activity,
        scored_horizons.fit_date,
        scored_horizons.cutoff_date,
        scored_horizons.horizon_days,
        tuples.repeat_days,
        tuples.first_to_last_days,
        tuples.age_days
    from scored_horizons
    inner join tuples
        on scored_horizons.activity = tuples.activity and scored_horizons.cutoff_date = tuples.cutoff_date
    where tuples.sampled_customers > 0 or not scored_horizons.is_sampled

)

select * from final
