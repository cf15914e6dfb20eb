-- Empty unless a build computes changes alone: the known events without a visitor that are judged otherwise than in the
-- last build, or whose customer was merged or excluded.
with

base_events as {{ dovecote.not_materialized() }} (

    select
        event_id,
        anonymous_id,
        customer_id
    from {{ ref("dovecote", "base_events") }}

),

changed_customers as (

    select customer_id from {{ ref("dovecote", "int_core__changed_customers") }}

),

final as (

    select event_id
    from {{ dovecote.slice_rows("base_events", "replaced") }} as judged_otherwise
    where event_id is not null and anonymous_id is null

    union

    select event_id from base_events
    where
        anonymous_id is null
        and customer_id in (select changed_customers.customer_id from changed_customers)

)

select * from final
{{ dovecote.only_of_changes() }}
