-- Empty unless a build computes changes alone: the visitors of whose events a row was judged, or whose customer was
-- merged or excluded.
with

judged_events as (

    {{ dovecote.replaced_rows("base_events") }}

),

final as (

    select anonymous_id from judged_events
    where anonymous_id is not null

    union

    select anonymous_id from {{ ref("dovecote", "int_core__changed_customer_events") }}
    where anonymous_id is not null

)

select * from final
{{ dovecote.only_of_changes() }}
