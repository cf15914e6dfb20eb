-- Empty unless a build computes changes alone: the events whose person may be another one than in the last build, as
-- a row of theirs was judged, their visitor was seen, or their customer was merged or excluded.
{% set base_events = ref("dovecote", "base_events") -%}
{%- set changed_customers = ref("dovecote", "int_core__changed_customers") -%}

with

base_events as (

    select
        event_id,
        anonymous_id,
        customer_id,
        judged_by_run
    from {{ base_events }}
    where event_id is not null

),

changed_customers as (

    select customer_id from {{ changed_customers }}

),

visitors as (

    select anonymous_id
    from base_events
    where judged_by_run = '{{ dovecote.this_run_id() }}' and anonymous_id is not null

    union

    select anonymous_id
    from base_events
    where customer_id in (select changed_customers.customer_id from changed_customers) and anonymous_id is not null

),

final as (

    select event_id
    from base_events
    where judged_by_run = '{{ dovecote.this_run_id() }}'

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
