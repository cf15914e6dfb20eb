-- A cell counts members whose period had ended at as_of, so that young members never look lost.
{% set choices = dovecote.retention_choices() | list -%}
{%- set cohort = choices + ["breakdown", "breakdown_value", "cohort_start"] -%}
{%- set cell = cohort + ["period_index"] -%}

with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

counts as (

    select * from {{ ref("dovecote", "int_retention__cohort_counts") }}

),

broken_down as (
    {% for breakdown in dovecote.retention_breakdowns() %}
    select
        {{ choices | join(", ") }},
        '{{ breakdown }}' as breakdown,
        {{ dovecote.breakdown_value(breakdown) }} as breakdown_value,
        cohort_start,
        entry_hour,
        period_index,
        sum(members) as members,
        sum(returned) as returned,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue
    from counts
    where {{ dovecote.is_of_combinations(dovecote.combinations_with(breakdown)) }}
    group by {{ choices | join(", ") }}, 7, cohort_start, entry_hour, period_index
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

aged as (

    select
        broken_down.*,
        {{ dovecote.periods_at_as_of() | indent(8) }} as full_periods,
        {{ dovecote.periods_at_as_of(begun=true) | indent(8) }} as begun_periods
    from broken_down
    cross join run

),

cohorts as (

    select
        {{ cohort | join(", ") }},
        sum(members) as cohort_size,
        max(begun_periods) as begun_periods
    from aged
    where members > 0
    group by {{ cohort | join(", ") }}

),

period_indexes as (
    {% for grain in dovecote.retention_choices()["grain"] %}
    select
        '{{ grain }}' as grain,
        {{ dovecote.integers_from_to(0, var("dovecote_retention_max_periods")[grain]) }} as period_index
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

grid as (

    select
        cohorts.*,
        cast(period_indexes.period_index as integer) as period_index
    from cohorts
    inner join period_indexes
        on cohorts.grain = period_indexes.grain and cohorts.begun_periods > period_indexes.period_index

),

-- Who is counted in every period up to one of theirs: members, and returns that are the last of a member.
counted_up_to as (

    select
        {{ dovecote.each_of(cell, "grid.{0}", ",\n        ") }},
        sum(aged.members) as n_mature,
        sum(case when grid.period_index <= aged.period_index then aged.returned else 0 end) as n_returned
    from grid
    inner join aged
        on
            {{ dovecote.each_of(cohort, "grid.{0} = aged.{0}", "\n            and ") }}
            and grid.period_index < aged.full_periods
    where aged.members > 0 or aged.return_rule = 'on_or_after'
    group by {{ dovecote.each_of(cell, "grid.{0}") }}

),

counted_in as (

    select
        {{ cell | join(",\n        ") }},
        sum(returned) as n_returned,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue
    from aged
    where period_index < full_periods
    group by {{ cell | join(", ") }}

),

final as (

    select
        {{ dovecote.each_of(cell, "grid.{0}", ",\n        ") }},
        grid.cohort_size,
        coalesce(counted_up_to.n_mature, 0) as n_mature,
        case
            when counted_up_to.n_mature > 0 and grid.return_rule = 'on_or_after' then counted_up_to.n_returned
            when counted_up_to.n_mature > 0 then coalesce(counted_in.n_returned, 0)
        end as n_retained,
        case when counted_up_to.n_mature > 0 then coalesce(counted_in.orders, 0) end as orders,
        case when counted_up_to.n_mature > 0 then coalesce(counted_in.net_revenue, 0) end as net_revenue
    from grid
    left join counted_up_to
        on
            {{ dovecote.each_of(cell, "grid.{0} = counted_up_to.{0}", "\n            and ") }}
    left join counted_in
        on
            {{ dovecote.each_of(cell, "grid.{0} = counted_in.{0}", "\n            and ") }}

)

select * from final
