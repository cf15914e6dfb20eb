-- The days at which customers are looked at: all customers with what was fitted at as_of (at as_of, and at the day
-- that alerts compare it with), a sample with what was fitted on the day itself.
with

snapshots as (

    select * from {{ ref("dovecote", "int_churn__snapshots") }}

),

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}

),

value_snapshots as (

    select * from {{ ref("dovecote", "int_churn__value_snapshots") }}

),

needed as (

    select
        activity,
        snapshot_date as cutoff_date,
        snapshot_date as fit_date
    from snapshots

    union

    select
        'order' as activity,
        snapshot_date as cutoff_date,
        snapshot_date as fit_date
    from value_snapshots

    union

    select
        activity,
        {{ dovecote.date_plus_days("as_of_date", -dovecote.alert_comparison_days()) }} as cutoff_date,
        as_of_date as fit_date
    from spans
    where activity = 'order'

),

final as (

    select
        needed.activity,
        needed.cutoff_date,
        needed.fit_date,
        needed.cutoff_date = spans.as_of_date as is_as_of,
        needed.fit_date < spans.as_of_date as is_sampled
    from needed
    inner join spans
        on needed.activity = spans.activity

)

select * from final
