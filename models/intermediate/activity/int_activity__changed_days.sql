-- Empty unless a build computes changes alone: the days on which a person did, or had done, anything that is other than
-- in the last build.
with

changed_actions as (

    select * from {{ ref("dovecote", "int_core__changed_actions") }}

),

final as (

    select distinct
        person_id,
        action_date as activity_date
    from changed_actions

)

select * from final
