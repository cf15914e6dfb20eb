-- Empty unless a build computes changes alone: the people of whom a week, a month or an attribute is other than in the
-- last build. Most people who come on a day came in its week before, and more of them in its month.
with

person_periods as (

    {{ dovecote.replaced_rows("int_activity__person_periods") }}

),

person_attributes as (

    {{ dovecote.replaced_rows("int_retention__person_attributes") }}

),

final as (

    select person_id from person_periods

    union

    select person_id from person_attributes

)

select * from final
{{ dovecote.only_of_changes() }}
