-- The days at which value is predicted: as_of for the year to come, and the latest past day from which as much of a
-- year has passed as had been known before it.
with

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}
    where activity = 'order'

),

past as (

    select
        *,
        {{ dovecote.training_horizon_days(dovecote.value_horizon_days(), "history_days") }} as horizon_days
    from spans

),

final as (

    select
        as_of_date as snapshot_date,
        {{ dovecote.value_horizon_days() }} as horizon_days,
        true as is_as_of
    from spans

    union all

    select
        {{ dovecote.date_plus_days("last_whole_date", "-horizon_days") }} as snapshot_date,
        horizon_days,
        false as is_as_of
    from past
    where horizon_days >= {{ dovecote.shortest_training_horizon_days() }}

)

select * from final
