{{ config(
    materialized="sliced_table", slice_key=["person_id", "activity_date"], slice_of="int_activity__changed_days"
) }}
{%- set changed_days = ref("dovecote", "int_activity__changed_days") %}

with

person_hours as (

    select * from {{ ref("dovecote", "int_activity__person_hours") }}
    where {{ dovecote.is_in_slice(["person_id", "activity_date"], changed_days) }}

),

final as (

    select
        activity,
        person_id,
        activity_date,
        cast(sum(actions) as bigint) as actions,
        min(first_at) as first_at,
        max(last_at) as last_at,
        min(first_entry_at) as first_entry_at,
        {{ dovecote.first_by("is_first_action_entry", ["hour_start"]) }} as is_first_action_entry,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_revenue) as decimal(38, 4)) as net_revenue
    from person_hours
    group by activity, person_id, activity_date

)

select * from final
