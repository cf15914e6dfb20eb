-- Empty unless a build computes changes alone: the orders of which anything may be other than in the last build, their
-- place among the purchases of their customer included.
with

changed_people as (

    select person_id from {{ ref("dovecote", "int_core__changed_people") }}

),

final as (

    select order_id from {{ ref("dovecote", "int_core__changed_orders") }}

    union

    select order_id
    from {{ ref("dovecote", "int_core__purchases") }}
    where customer_id in (select changed_people.person_id from changed_people)

)

select * from final
{{ dovecote.only_of_changes() }}
