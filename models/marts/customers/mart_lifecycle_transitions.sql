with

snapshots as (

    -- Who has no date at all would arrive anew each time the run looks.
    select * from {{ ref("dovecote", "int_customers__lifecycle_snapshots") }}
    where first_seen_date is not null

),

transitions as (

    select
        month_start,
        coalesce(lag(stage) over (partition by customer_id order by snapshot_date), 'none') as from_stage,
        stage as to_stage,
        customer_id
    from snapshots

),

months as (

    select * from {{ ref("dovecote", "int_core__periods") }}
    where grain = 'month'

),

final as (

    select
        transitions.month_start,
        transitions.from_stage,
        transitions.to_stage,
        cast(count(*) as bigint) as customers,
        {{ dovecote.ratio("count(*)", "sum(count(*)) over from_same_stage") }} as share_of_from_stage,
        months.is_complete
    from transitions
    inner join months
        on transitions.month_start = months.period_start
    group by transitions.month_start, transitions.from_stage, transitions.to_stage, months.is_complete
    window from_same_stage as (partition by transitions.month_start, transitions.from_stage)

)

select * from final
