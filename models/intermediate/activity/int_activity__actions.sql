-- What people did, one row per event of a person and per purchase of a customer.
{{ config(materialized="view") }}
{#- a view: only the rolling retention clock and the daily roll-up read single actions -#}

with

events as (

    select * from {{ ref("dovecote", "int_core__events") }}
    where person_id is not null and not is_excluded

),

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

visits as (

    select
        'visit' as activity,
        event_id as action_id,
        person_id,
        occurred_at,
        event_date as action_date,
        event_type,
        channel,
        0 as orders,
        cast(0 as decimal(18, 4)) as net_revenue
    from events

),

orders as (

    select
        'order' as activity,
        order_id as action_id,
        customer_id as person_id,
        ordered_at as occurred_at,
        order_date as action_date,
        cast(null as string) as event_type,
        channel,
        1 as orders,
        net_amount as net_revenue
    from purchases

),

final as (

    select
        *,
        coalesce({{ dovecote.entry_filter("visit") }}, false) as is_entry
    from visits

    union all

    select
        *,
        coalesce({{ dovecote.entry_filter("order") }}, false) as is_entry
    from orders

)

select * from final
