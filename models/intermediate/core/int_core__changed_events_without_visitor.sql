-- Empty unless a build computes changes alone: the known events without a visitor that are judged otherwise than in the
-- last build, or whose customer was merged or excluded.
with

judged_otherwise as (

    select * from {{ dovecote.slice_rows("base_events", "replaced") }}

),

final as (

    select event_id from judged_otherwise
    where event_id is not null and anonymous_id is null

    union

    select event_id from {{ ref("dovecote", "int_core__changed_customer_events") }}
    where anonymous_id is null

)

select * from final
{{ dovecote.only_of_changes() }}
