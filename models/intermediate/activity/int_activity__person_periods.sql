{{ config(
    materialized="sliced_table", slice_key=["person_id", "grain", "period_start"],
    slice_of="int_activity__changed_periods", counted_of=dovecote.people_of_periods()
) }}
{%- set changed_periods = ref("dovecote", "int_activity__changed_periods") %}

-- The days of a person rolled up to weeks and months: what retention and growth accounting count beside days.
with

person_days as (

    select * from {{ ref("dovecote", "int_activity__person_days") }}
    where {{ dovecote.is_in_slice("person_id", changed_periods) }}

),

placed as (
    {% for grain in ["week", "month"] %}
    select
        '{{ grain }}' as grain,
        {{ dovecote.period_start(grain, "activity_date") }} as period_start,
        *
    from person_days
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

final as (

    select
        activity,
        grain,
        person_id,
        period_start,
        min(first_at) as first_at,
        min(first_entry_at) as first_entry_at,
        {{ dovecote.first_by("is_first_action_entry", ["activity_date"]) }} as is_first_action_entry,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_revenue) as decimal(38, 4)) as net_revenue
    from placed
    where {{ dovecote.is_in_slice(["person_id", "grain", "period_start"], changed_periods) }}
    group by activity, grain, person_id, period_start

)

select * from final
