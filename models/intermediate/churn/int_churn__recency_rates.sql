-- What recency alone says about churn, learned from the training snapshots: the baselines that every model must beat,
-- and what takes a model's place where the data cannot carry one. base_rate gives everyone the same share,
-- recency_threshold splits at the day that tells churners best from others (largest difference between the share of
-- churners and of others beyond it), recency_base_rate takes up to ten bins of equal size. Recency is measured in
-- horizons, as one learned from may be shorter than the one scored. Too few customers tell no rate.
{% set customers_per_bin = 50 -%}
{% set horizon_end_date = dovecote.date_plus_days("snapshots.snapshot_date", "snapshots.snapshot_horizon_days") -%}

with

snapshots as (

    select * from {{ ref("dovecote", "int_churn__snapshots") }}
    where snapshot_number > 0

),

outcomes as (

    select * from {{ ref("dovecote", "int_churn__outcomes") }}

),

counts as (

    select
        snapshots.activity,
        snapshots.horizon_days,
        snapshots.cutoff_date,
        snapshots.snapshot_horizon_days,
        outcomes.recency_days,
        count(*) as customers,
        count(*) filter (
            where {{ dovecote.is_churned("outcomes.next_activity_date", horizon_end_date) }}
        ) as churned
    from snapshots
    inner join outcomes
        on snapshots.activity = outcomes.activity and snapshots.snapshot_date = outcomes.cutoff_date
    group by
        snapshots.activity,
        snapshots.horizon_days,
        snapshots.cutoff_date,
        snapshots.snapshot_horizon_days,
        outcomes.recency_days

),

cumulated as (

    select
        *,
        sum(customers) over up_to_recency as customers_up_to,
        sum(churned) over up_to_recency as churned_up_to,
        sum(customers) over whole as all_customers,
        sum(churned) over whole as all_churned
    from counts
    window
        whole as (partition by activity, horizon_days, cutoff_date),
        up_to_recency as (partition by activity, horizon_days, cutoff_date order by recency_days)

),

compared as (

    select
        *,
        -- Both shares times both totals: whole numbers, so that equal splits are equal.
        (customers_up_to - churned_up_to) * all_churned
        - churned_up_to * (all_customers - all_churned) as difference_beyond,
        least(10, greatest(1, floor(all_customers / {{ customers_per_bin }}.0))) as bins
    from cumulated
    where all_customers >= least({{ customers_per_bin }}, {{ var("dovecote_churn_min_customers") }})

),

binned as (

    select
        *,
        'base_rate' as model_name,
        0 as recency_bin
    from compared

    union all

    select
        *,
        '{{ dovecote.naive_baseline() }}' as model_name,
        cast(floor((customers_up_to - customers / cast(2 as double)) * bins / all_customers) as integer) as recency_bin
    from compared

    union all

    select
        compared.*,
        'recency_threshold' as model_name,
        case when recency_days > first_value(recency_days) over best_first then 1 else 0 end as recency_bin
    from compared
    window best_first as (
        partition by activity, horizon_days, cutoff_date
        order by difference_beyond desc, recency_days asc
    )

),

rates as (

    select
        activity,
        horizon_days,
        cutoff_date,
        model_name,
        recency_bin,
        min(recency_days / cast(snapshot_horizon_days as double)) as first_recency,
        sum(customers) as customers,
        sum(churned) as churned
    from binned
    group by activity, horizon_days, cutoff_date, model_name, recency_bin

),

-- Half a customer of either kind is added to a bin: no rate is 0 or 1 for having been seen a few times.
final as (

    select
        activity,
        horizon_days,
        cutoff_date,
        model_name,
        case
            when row_number() over bins_in_order > 1 then first_recency
            else 0
        end as recency_from,
        lead(first_recency) over bins_in_order as recency_before,
        customers,
        churned,
        (churned + 0.5) / cast(customers + 1 as double) as churn_rate
    from rates
    window bins_in_order as (
        partition by activity, horizon_days, cutoff_date, model_name
        order by recency_bin
    )

)

select * from final
