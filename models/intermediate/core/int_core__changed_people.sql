-- Empty unless a build computes changes alone: every person who did, or had done, anything that is other than in the
-- last build, or is told apart by other attributes. What people did is computed anew for them, all of it.
with

changed_attributes as (

    {{ dovecote.rows_that_differ("int_core__customers") }}

),

order_items as (

    {{ dovecote.replaced_rows("int_core__order_items") }}

),

people as (

    select person_id from {{ ref("dovecote", "int_core__changed_actions") }}

    union

    select customer_id as person_id from order_items

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
