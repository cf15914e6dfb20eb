with

person_periods as (

    select * from {{ ref("dovecote", "int_activity__person_periods") }}

),

periods as (

    select * from {{ ref("dovecote", "int_core__periods") }}

),

grains as (

    select distinct grain from periods

),

-- Days and weeks are not broken down: a month is where a few customers of a country still say something.
breakdowns as (

    select
        grains.grain,
        person_breakdowns.person_id,
        person_breakdowns.breakdown,
        person_breakdowns.breakdown_value
    from {{ ref("dovecote", "int_retention__person_breakdowns") }} as person_breakdowns
    inner join grains
        on person_breakdowns.breakdown = 'none' or grains.grain = 'month'

),

calendar as (

    select
        histories.activity,
        periods.grain,
        periods.period_start,
        periods.is_complete,
        row_number() over (
            partition by histories.activity, periods.grain
            order by periods.period_start
        ) as period_number
    from (
        select
            activity,
            grain,
            min(period_start) as first_period
        from person_periods
        group by activity, grain
    ) as histories
    inner join periods
        on histories.grain = periods.grain and histories.first_period <= periods.period_start

),

numbered as (

    select
        person_periods.activity,
        person_periods.grain,
        person_periods.person_id,
        calendar.period_number,
        person_periods.net_revenue,
        lag(calendar.period_number) over history as previous_number,
        lag(person_periods.net_revenue) over history as previous_revenue,
        lead(calendar.period_number) over history as next_number
    from person_periods
    inner join calendar
        on
            person_periods.activity = calendar.activity
            and person_periods.grain = calendar.grain
            and person_periods.period_start = calendar.period_start
    window history as (
        partition by person_periods.activity, person_periods.grain, person_periods.person_id
        order by person_periods.period_start
    )

),

broken_down as (

    select
        numbered.activity,
        numbered.grain,
        numbered.period_number,
        numbered.net_revenue,
        numbered.previous_number,
        numbered.previous_revenue,
        numbered.next_number,
        breakdowns.breakdown,
        breakdowns.breakdown_value
    from numbered
    inner join breakdowns
        on numbered.grain = breakdowns.grain and numbered.person_id = breakdowns.person_id

),

breakdown_values as (

    select distinct
        activity,
        grain,
        breakdown,
        breakdown_value
    from broken_down

),

active as (

    select
        activity,
        grain,
        period_number,
        breakdown,
        breakdown_value,
        count(*) as active_customers,
        count(*) filter (where previous_number is null) as new_customers,
        count(*) filter (where previous_number = period_number - 1) as returning_customers,
        count(*) filter (where previous_number < period_number - 1) as resurrecting_customers,
        sum(net_revenue) as revenue,
        sum(case when previous_number is null then net_revenue else 0 end) as new_revenue,
        sum(case when previous_number < period_number - 1 then net_revenue else 0 end) as resurrected_revenue,
        sum(
            case when previous_number = period_number - 1 then greatest(net_revenue - previous_revenue, 0) else 0 end
        ) as expansion_revenue,
        sum(
            case when previous_number = period_number - 1 then greatest(previous_revenue - net_revenue, 0) else 0 end
        ) as contraction_revenue
    from broken_down
    group by activity, grain, period_number, breakdown, breakdown_value

),

dormant as (

    select
        activity,
        grain,
        period_number + 1 as period_number,
        breakdown,
        breakdown_value,
        count(*) as dormant_customers,
        sum(net_revenue) as churned_revenue
    from broken_down
    where next_number is null or next_number > period_number + 1
    group by activity, grain, period_number, breakdown, breakdown_value

),

joined as (

    select
        calendar.grain,
        calendar.period_start,
        calendar.activity,
        breakdown_values.breakdown,
        breakdown_values.breakdown_value,
        calendar.is_complete,
        calendar.activity = 'order' as has_revenue,
        coalesce(active.active_customers, 0) as active_customers,
        coalesce(active.new_customers, 0) as new_customers,
        coalesce(active.returning_customers, 0) as returning_customers,
        coalesce(active.resurrecting_customers, 0) as resurrecting_customers,
        coalesce(dormant.dormant_customers, 0) as dormant_customers,
        coalesce(active.revenue, 0) as revenue,
        coalesce(active.new_revenue, 0) as new_revenue,
        coalesce(active.resurrected_revenue, 0) as resurrected_revenue,
        coalesce(active.expansion_revenue, 0) as expansion_revenue,
        coalesce(active.contraction_revenue, 0) as contraction_revenue,
        coalesce(dormant.churned_revenue, 0) as churned_revenue
    from calendar
    inner join breakdown_values
        on calendar.activity = breakdown_values.activity and calendar.grain = breakdown_values.grain
    left join active
        on
            calendar.activity = active.activity
            and calendar.grain = active.grain
            and calendar.period_number = active.period_number
            and breakdown_values.breakdown = active.breakdown
            and breakdown_values.breakdown_value = active.breakdown_value
    left join dormant
        on
            calendar.activity = dormant.activity
            and calendar.grain = dormant.grain
            and calendar.period_number = dormant.period_number
            and breakdown_values.breakdown = dormant.breakdown
            and breakdown_values.breakdown_value = dormant.breakdown_value

),

final as (

    select
        grain,
        period_start,
        activity,
        breakdown,
        breakdown_value,
        cast(new_customers as bigint) as new_customers,
        cast(returning_customers as bigint) as returning_customers,
        cast(resurrecting_customers as bigint) as resurrecting_customers,
        case when is_complete then cast(dormant_customers as bigint) end as dormant_customers,
        cast(active_customers as bigint) as active_customers,
        case
            when is_complete
                then {{ dovecote.ratio("new_customers + resurrecting_customers", "dormant_customers") }}
        end as quick_ratio,
        is_complete,
        case when has_revenue then cast(revenue as decimal(38, 4)) end as revenue,
        case when has_revenue then cast(new_revenue as decimal(38, 4)) end as new_revenue,
        case when has_revenue then cast(resurrected_revenue as decimal(38, 4)) end as resurrected_revenue,
        case when has_revenue and is_complete then cast(expansion_revenue as decimal(38, 4)) end as expansion_revenue,
        case when has_revenue and is_complete then cast(contraction_revenue as decimal(38, 4)) end
            as contraction_revenue,
        case when has_revenue and is_complete then cast(churned_revenue as decimal(38, 4)) end as churned_revenue,
        case
            when has_revenue and is_complete
                then cast(
                    new_revenue + resurrected_revenue + expansion_revenue - contraction_revenue - churned_revenue
                    as decimal(38, 4)
                )
        end as revenue_change
    from joined

)

select * from final
