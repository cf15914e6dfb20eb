-- Empty unless a build computes changes alone: the events and orders of persons that are other ones than in the last
-- build, as they were and as they are.
with

events as (

    {{ dovecote.replaced_rows("int_core__events") }}

),

orders as (

    {{ dovecote.replaced_rows("int_core__orders") }}

),

final as (

    select
        person_id,
        true as is_event,
        session_id,
        occurred_at,
        event_date as action_date
    from events
    where person_id is not null

    union all

    select
        customer_id as person_id,
        false as is_event,
        cast(null as string) as session_id,
        ordered_at as occurred_at,
        order_date as action_date
    from orders
    where customer_id is not null

)

select * from final
{{ dovecote.only_of_changes() }}
