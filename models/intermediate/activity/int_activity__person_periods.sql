{{ config(
    materialized="sliced_table", slice_key="person_id", slice_of="int_core__changed_people",
    in_parts_of="int_activity__person_days", reads_of_part=2, stored_by_month_of="period_start"
) }}
{%- do ref("dovecote", "int_core__changed_people") %}
{%- set days = dovecote.part_of("int_activity__person_days") %}
{%- set made_days = dovecote.made_rows("int_activity__person_days") %}

-- The days of a person rolled up to weeks and months: what retention and growth accounting count beside days.
with

person_days as {{ dovecote.not_materialized() }} (

    select * from {{ made_days if dovecote.is_slice() else days }}

),

{% for grain in ["week", "month"] -%}
{{ grain }}s as {{ dovecote.not_materialized() }} (

    select
        activity,
        '{{ grain }}' as grain,
        person_id,
        {{ dovecote.period_start(grain, "activity_date") }} as period_start,
        {{ dovecote.period_start(grain, "min(previous_activity_date)") }} as earliest_neighbour_start,
        {{ dovecote.period_start(grain, "max(next_activity_date)") }} as latest_neighbour_start,
        {{ dovecote.period_start(grain, "min(first_entry_date)") }} as first_entry_start,
        {{ dovecote.period_start(grain, "min(first_ever_entry_date)") }} as first_ever_entry_start,
        min(first_entry_at) as first_entry_at,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_revenue) as decimal(38, 4)) as net_revenue
    from person_days
    group by activity, person_id, {{ dovecote.period_start(grain, "activity_date") }}

),

{% endfor -%}
periods as {{ dovecote.not_materialized() }} (

    select * from weeks

    union all

    select * from months

),

-- Visits have no revenue that could be other than before.
compared as {{ dovecote.not_materialized() }} (

    select
        *,
        lag(net_revenue) over (partition by grain, person_id order by period_start) as previous_net_revenue
    from periods
    where activity = 'order'

    union all

    select
        *,
        net_revenue as previous_net_revenue
    from periods
    where activity = 'visit'

),

-- The neighbours of a person's first and last days in a period are in other periods, those of the days between are not.
final as (

    select
        activity,
        grain,
        person_id,
        period_start,
        case when earliest_neighbour_start < period_start then earliest_neighbour_start end as previous_period_start,
        case when latest_neighbour_start > period_start then latest_neighbour_start end as next_period_start,
        first_entry_start,
        first_ever_entry_start,
        first_entry_at,
        orders,
        net_revenue,
        previous_net_revenue
    from compared

)

select * from final
