-- Spend can be modelled where it is more than nothing: a customer whose repeat orders were all given or sent back
-- says nothing of what an order brings.
with

histories as (

    select * from {{ ref("dovecote", "int_churn__histories") }}
    where activity = 'order' and mean_repeat_spend > 0

),

value_snapshots as (

    select * from {{ ref("dovecote", "int_churn__value_snapshots") }}

),

final as (

    select
        histories.activity,
        histories.cutoff_date,
        histories.repeat_days,
        histories.mean_repeat_spend,
        count(*) as customers
    from histories
    inner join value_snapshots
        on histories.cutoff_date = value_snapshots.snapshot_date
    group by histories.activity, histories.cutoff_date, histories.repeat_days, histories.mean_repeat_spend

)

select * from final
