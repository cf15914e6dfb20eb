-- Empty unless a build computes changes alone: the visitors of whose known events some may belong to another person
-- than in the last build, as one is judged otherwise, the visitor is seen with other customers, or a customer of theirs
-- was merged or excluded.
with

judged_events as (

    {{ dovecote.replaced_rows("base_events") }}

),

differing_visitors as (

    {{ dovecote.replaced_rows("int_core__visitors") }}

),

-- A new event of a visitor who is seen with several customers may part the others of its events otherwise.
shared_visitors as (

    select anonymous_id from {{ ref("dovecote", "int_core__visitors") }}
    where
        is_shared
        and anonymous_id in (
            select judged_events.anonymous_id from judged_events
        )

),

visitors as (

    select anonymous_id from differing_visitors

    union

    select anonymous_id from shared_visitors

    union

    select anonymous_id
    from {{ dovecote.slice_rows("base_events", "replaced") }} as judged_otherwise

    union

    select anonymous_id from {{ ref("dovecote", "int_core__changed_customer_events") }}

),

final as (

    select anonymous_id from visitors
    where anonymous_id is not null

)

select * from final
{{ dovecote.only_of_changes() }}
