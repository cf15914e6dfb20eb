-- Which past days a score learns from. Snapshot 0 is the cut-off itself: as_of, or a past day whose horizon has ended,
-- where scores are graded. Snapshots 1, 2, ... are the days that train its model: their outcomes ended by the cut-off,
-- one after the other without overlap, and each had at least as much history behind it as outcome ahead.
{% set evaluations = dovecote.evaluation_cutoffs() -%}
{% set shortest_days = "least(" ~ dovecote.shortest_training_horizon_days() ~ ", horizon_days)" -%}

with

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}
    where activity in ({{ dovecote.quoted_list(var("dovecote_churn_activities")) }})

),

horizons as (
    {{ dovecote.churn_horizons() | indent(4) }}

),

-- Past cut-offs lie a horizon apart, closer where history is short, and a week at least.
spaced as (

    select
        spans.*,
        horizons.horizon_days,
        least(
            horizons.horizon_days,
            cast(
                floor((spans.history_days - 2 * horizons.horizon_days) / {{ [evaluations - 1, 1] | max }}.0) as integer
            )
        ) as days_apart
    from spans
    cross join horizons

),

numbers as (

    select {{ dovecote.integers_from_to(1, [evaluations, dovecote.training_snapshots()] | max) }} as number

),

past_cutoffs as (

    select
        spaced.activity,
        spaced.horizon_days,
        spaced.first_date,
        {{ dovecote.date_plus_days(
            "spaced.last_whole_date", "- spaced.horizon_days - (numbers.number - 1) * spaced.days_apart"
        ) }} as cutoff_date
    from spaced
    inner join numbers
        on numbers.number <= {{ evaluations }}
    where
        spaced.history_days >= 2 * spaced.horizon_days
        and (numbers.number = 1 or spaced.days_apart >= {{ shortest_days }})

),

cutoffs as (

    select
        activity,
        horizon_days,
        first_date,
        as_of_date as cutoff_date,
        true as is_as_of,
        last_whole_date as known_until_date
    from spaced

    union all

    select
        activity,
        horizon_days,
        first_date,
        cutoff_date,
        false as is_as_of,
        cutoff_date as known_until_date
    from past_cutoffs

),

taught as (

    select
        *,
        {{ dovecote.training_horizon_days(
            "horizon_days", dovecote.days_between("first_date", "known_until_date") ~ " + 1"
        ) }} as training_horizon_days
    from cutoffs

),

training as (

    select
        taught.*,
        numbers.number as snapshot_number,
        {{ dovecote.date_plus_days(
            "taught.known_until_date", "- numbers.number * taught.training_horizon_days"
        ) }} as snapshot_date
    from taught
    inner join numbers
        on numbers.number <= {{ dovecote.training_snapshots() }}
    where taught.training_horizon_days >= {{ shortest_days }}

),

final as (

    select
        activity,
        horizon_days,
        cutoff_date,
        is_as_of,
        0 as snapshot_number,
        cutoff_date as snapshot_date,
        horizon_days as snapshot_horizon_days
    from cutoffs

    union all

    select
        activity,
        horizon_days,
        cutoff_date,
        is_as_of,
        snapshot_number,
        snapshot_date,
        training_horizon_days as snapshot_horizon_days
    from training
    where {{ dovecote.days_between("first_date", "snapshot_date") }} + 1 >= training_horizon_days

)

select * from final
