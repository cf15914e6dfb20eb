-- Empty unless a build computes changes alone: the visitors of whose events a row was judged, or whose customer was
-- merged or excluded.
with

judged_events as (

    {{ dovecote.replaced_rows("base_events") }}

),

changed_customers as (

    select customer_id from {{ ref("dovecote", "int_core__changed_customers") }}

),

final as (

    select anonymous_id from judged_events
    where anonymous_id is not null

    union

    select anonymous_id
    from {{ ref("dovecote", "base_events") }}
    where customer_id in (select changed_customers.customer_id from changed_customers) and anonymous_id is not null

)

select * from final
{{ dovecote.only_of_changes() }}
