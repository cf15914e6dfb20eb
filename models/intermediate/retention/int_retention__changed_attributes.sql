-- Empty unless a build computes changes alone: the people who are told apart by other attributes than in the last
-- build.
with

differing_attributes as (

    {{ dovecote.replaced_rows("int_retention__person_attributes") }}

),

final as (

    select distinct person_id from differing_attributes

)

select * from final
