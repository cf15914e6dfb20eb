-- Which horizons are scored at which cut-off, by what was fitted on which day.
with

cutoffs as (

    select * from {{ ref("dovecote", "int_churn__cutoffs") }}

),

snapshots as (

    select * from {{ ref("dovecote", "int_churn__snapshots") }}

),

value_snapshots as (

    select * from {{ ref("dovecote", "int_churn__value_snapshots") }}

),

-- A year is scored by its quarters too, so that money to come can be discounted.
value_horizons as (

    select
        snapshot_date,
        horizon_days,
        is_as_of
    from value_snapshots
    {%- for horizon_days in dovecote.value_horizons() %}

    union

    select
        snapshot_date,
        {{ horizon_days }} as horizon_days,
        is_as_of
    from value_snapshots
    where is_as_of
    {%- endfor %}

),

wanted as (

    select
        activity,
        snapshot_date,
        snapshot_horizon_days as horizon_days,
        is_as_of and snapshot_number = 0 as is_as_of
    from snapshots

    union

    select
        'order' as activity,
        snapshot_date,
        horizon_days,
        is_as_of
    from value_horizons

),

final as (

    select
        wanted.activity,
        wanted.snapshot_date as cutoff_date,
        wanted.snapshot_date as fit_date,
        wanted.horizon_days,
        not wanted.is_as_of as is_sampled
    from wanted

    union all

    select
        cutoffs.activity,
        cutoffs.cutoff_date,
        cutoffs.fit_date,
        wanted.horizon_days,
        false as is_sampled
    from cutoffs
    inner join wanted
        on cutoffs.activity = wanted.activity and cutoffs.fit_date = wanted.snapshot_date and wanted.is_as_of
    where cutoffs.cutoff_date < cutoffs.fit_date

)

select * from final
