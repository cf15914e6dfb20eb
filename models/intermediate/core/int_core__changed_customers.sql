-- Empty unless a build computes changes alone: whose merges or exclusions are others than in the last build.
with

changed_merges as (

    {{ dovecote.rows_that_differ("int_core__customer_merges") }}

),

changed_exclusions as (

    {{ dovecote.rows_that_differ("int_core__exclusions") }}

),

final as (

    select from_customer_id as customer_id from changed_merges

    union

    select customer_id from changed_merges

    union

    select customer_id from changed_exclusions

)

select * from final
{{ dovecote.only_of_changes() }}
