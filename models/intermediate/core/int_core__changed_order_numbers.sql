-- Empty unless a build computes changes alone: the orders of which anything may be other than in the last build, their
-- place among the purchases of their customer included.
with

purchases as (

    {{ dovecote.replaced_rows("int_core__purchases") }}

),

final as (

    select order_id from {{ ref("dovecote", "int_core__changed_orders") }}

    union

    select order_id from purchases

)

select * from final
{{ dovecote.only_of_changes() }}
