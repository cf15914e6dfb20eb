-- Empty unless a build computes changes alone: every person who did, or had done, anything that is other than in the
-- last build, or is told apart by other attributes. What people did is computed anew for them, all of it.
{% set is_new = "judged_by_run = '" ~ dovecote.this_run_id() ~ "'" -%}

with

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

changed_events as (

    select event_id from {{ ref("dovecote", "int_core__changed_events") }}

),

changed_orders as (

    select order_id from {{ ref("dovecote", "int_core__changed_orders") }}

),

changed_attributes as (

    {{ dovecote.rows_that_differ("int_core__customers") }}

),

events as (

    select
        person_id,
        anonymous_id
    from {{ ref("dovecote", "int_core__events") }}
    where event_id in (select changed_events.event_id from changed_events)

),

orders as (

    select customer_id
    from {{ ref("dovecote", "int_core__orders") }}
    where order_id in (select changed_orders.order_id from changed_orders)

),

judged as (

    select
        customer_id,
        anonymous_id
    from {{ ref("dovecote", "base_events") }}
    where {{ is_new }}

    union all

    select
        customer_id,
        cast(null as string) as anonymous_id
    from {{ ref("dovecote", "base_orders") }}
    where {{ is_new }}

),

people as (

    select person_id from events

    union

    select 'anon:' || anonymous_id as person_id from events

    union

    select customer_id as person_id from orders

    union

    select 'anon:' || anonymous_id as person_id from judged

    union

    select coalesce(customer_merges.customer_id, judged.customer_id) as person_id
    from judged
    left join customer_merges
        on judged.customer_id = customer_merges.from_customer_id

    union

    select customer_id as person_id from {{ ref("dovecote", "int_core__changed_customers") }}

    union

    select customer_id as person_id from changed_attributes

),

final as (

    select person_id from people
    where person_id is not null

)

select * from final
{{ dovecote.only_of_changes() }}
