-- Empty unless a build computes changes alone: the events whose person may be another one than in the last build, as
-- a row of theirs was judged, their visitor is seen with other customers, or their customer was merged or excluded.
with

base_events as {{ dovecote.not_materialized() }} (

    select
        event_id,
        anonymous_id,
        customer_id
    from {{ ref("dovecote", "base_events") }}
    where event_id is not null

),

changed_customers as (

    select customer_id from {{ ref("dovecote", "int_core__changed_customers") }}

),

differing_visitors as (

    {{ dovecote.replaced_rows("int_core__visitors") }}

),

-- A new event of a visitor who is seen with several customers may part the others of its events otherwise.
visitors as (

    select anonymous_id from differing_visitors

    union

    select anonymous_id
    from {{ dovecote.slice_rows("int_core__visitors") }} as seen_visitors
    where is_shared

    union

    select anonymous_id
    from base_events
    where customer_id in (select changed_customers.customer_id from changed_customers)

),

final as (

    select event_id
    from {{ dovecote.slice_rows("base_events") }} as judged_events
    where event_id is not null

    union

    select event_id
    from base_events
    where anonymous_id in (select visitors.anonymous_id from visitors)

    union

    select event_id
    from base_events
    where customer_id in (select changed_customers.customer_id from changed_customers)

)

select * from final
{{ dovecote.only_of_changes() }}
