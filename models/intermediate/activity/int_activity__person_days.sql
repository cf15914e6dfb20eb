{{ config(
    materialized="sliced_table", slice_key="person_id", slice_of="int_core__changed_people",
    in_parts_of="int_activity__actions", stored_by_month_of="activity_date"
) }}
{%- set actions = dovecote.part_of("int_activity__actions") %}
{%- do ref("dovecote", "int_core__changed_people") %}
{%- set changed_days = ref("dovecote", "int_activity__changed_days") %}
{%- set day = ["person_id", "activity_date"] %}

-- The days of a person with their neighbours, so that whatever counts days, weeks and months of people reads a row by
-- itself. An action that happened with the first of all is a first one, too.
with

days as (

    select
        activity,
        person_id,
        action_date as activity_date,
        count(*) as actions,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        min(case when is_entry then occurred_at end) as first_entry_at,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_revenue) as decimal(38, 4)) as net_revenue
    from {{ actions }}
    where {{ dovecote.is_in_slice(["person_id", "action_date"], changed_days, day) }}
    group by activity, person_id, action_date
    {%- if dovecote.is_slice() %}

    union all

    {#- neighbours may be other ones, what was done on the day is not #}
    select
        activity,
        person_id,
        activity_date,
        actions,
        first_at,
        last_at,
        first_entry_at,
        orders,
        net_revenue
    from {{ dovecote.known_rows() }} as known_days
    where {{ dovecote.is_not_among("known_days", day, changed_days) }}
    {%- endif %}

),

final as (

    select
        *,
        lag(activity_date) over history as previous_activity_date,
        lag(last_at) over history as previous_last_at,
        lead(activity_date) over history as next_activity_date,
        lag(net_revenue) over history as previous_net_revenue,
        min(case when first_entry_at is not null then activity_date end) over (
            partition by activity, person_id
        ) as first_entry_date,
        first_value(case when first_entry_at = first_at then activity_date end) over history as first_ever_entry_date
    from days
    window history as (partition by activity, person_id order by activity_date)

)

select * from final
