{{ config(
    materialized="sliced_table", slice_key=["person_id", "activity_date"], slice_of="int_activity__changed_days"
) }}
{%- set changed_days = ref("dovecote", "int_activity__changed_days") %}

-- The rolling retention clock ticks at full hours, so it needs to know no more of single actions.
with

actions as (

    select * from {{ ref("dovecote", "int_activity__actions") }}
    where {{ dovecote.is_in_slice(["person_id", "action_date"], changed_days, ["person_id", "activity_date"]) }}

),

final as (

    select
        activity,
        person_id,
        action_date as activity_date,
        date_trunc('hour', occurred_at) as hour_start,
        count(*) as actions,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        min(case when is_entry then occurred_at end) as first_entry_at,
        {{ dovecote.first_by("is_entry", ["occurred_at", "action_id"]) }} as is_first_action_entry,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_revenue) as decimal(38, 4)) as net_revenue
    from actions
    group by activity, person_id, action_date, date_trunc('hour', occurred_at)

)

select * from final
