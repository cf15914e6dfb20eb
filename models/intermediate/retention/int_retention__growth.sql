{% set sums = [
    "active_customers",
    "new_customers",
    "returning_customers",
    "resurrecting_customers",
    "dormant_customers",
    "revenue",
    "new_revenue",
    "resurrected_revenue",
    "expansion_revenue",
    "contraction_revenue",
    "churned_revenue",
] -%}

with

period_counts as (

    select * from {{ ref("dovecote", "int_retention__period_counts") }}

),

periods as (

    select * from {{ ref("dovecote", "int_core__periods") }}

),

-- Days and weeks are not broken down.
broken_down as (
    {% for breakdown in dovecote.retention_breakdowns() %}
    select
        activity,
        grain,
        period_start,
        '{{ breakdown }}' as breakdown,
        {{ dovecote.breakdown_value(breakdown) }} as breakdown_value,
        {{ dovecote.each_of(sums, "sum({0}) as {0}", ",\n        ") }}
    from period_counts
    {%- if breakdown != "none" %}
    where grain = 'month'
    {%- endif %}
    group by activity, grain, period_start, 5
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

calendar as (

    select
        histories.activity,
        periods.grain,
        periods.period_start,
        periods.is_complete
    from (
        select
            activity,
            grain,
            min(period_start) as first_period
        from period_counts
        group by activity, grain
    ) as histories
    inner join periods
        on histories.grain = periods.grain and histories.first_period <= periods.period_start

),

breakdown_values as (

    select distinct
        activity,
        grain,
        breakdown,
        breakdown_value
    from broken_down

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
        {{ dovecote.each_of(sums, "coalesce(broken_down.{0}, 0) as {0}", ",\n        ") }}
    from calendar
    inner join breakdown_values
        on calendar.activity = breakdown_values.activity and calendar.grain = breakdown_values.grain
    left join broken_down
        on
            calendar.activity = broken_down.activity
            and calendar.grain = broken_down.grain
            and calendar.period_start = broken_down.period_start
            and breakdown_values.breakdown = broken_down.breakdown
            and breakdown_values.breakdown_value = broken_down.breakdown_value

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
