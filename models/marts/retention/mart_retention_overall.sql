-- Rates of all cohorts together: retained over mature, never a mean of rates. Where entries recur, one person
-- stands in many cohorts, and an interval for independent trials would be too narrow.
with

cells as (

    select * from {{ ref("dovecote", "int_retention__cells") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

summed as (

    select
        entry,
        return_rule,
        clock,
        grain,
        activity,
        breakdown,
        breakdown_value,
        period_index,
        sum(cohort_size) as cohort_size,
        sum(n_mature) as n_mature,
        sum(n_retained) as n_retained,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue
    from cells
    group by entry, return_rule, clock, grain, activity, breakdown, breakdown_value, period_index

),

final as (

    select
        summed.entry,
        summed.return_rule,
        summed.clock,
        summed.grain,
        summed.activity,
        summed.breakdown,
        summed.breakdown_value,
        summed.period_index,
        cast(summed.cohort_size as bigint) as cohort_size,
        cast(summed.n_mature as bigint) as n_mature,
        cast(summed.n_retained as bigint) as n_retained,
        {{ dovecote.ratio("summed.n_retained", "summed.n_mature") }} as retention_rate,
        {%- for side in ["low", "high"] %}
        case
            when summed.entry <> 'recurring'
                then {{ dovecote.wilson_bound(side, "summed.n_retained", "nullif(summed.n_mature, 0)") }}
        end as ci_{{ side }},
        {%- endfor %}
        cast(summed.orders as bigint) as orders,
        cast(summed.net_revenue as decimal(38, 4)) as net_revenue,
        run.as_of
    from summed
    cross join run

)

select * from final
