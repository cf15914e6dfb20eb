-- Empty unless a build computes changes alone: whose merges or exclusions are others than in the last build, under all
-- ids that inputs may name them by.
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

    union

    select from_customer_id as customer_id
    from {{ ref("dovecote", "int_core__customer_merges") }}
    where customer_id in (select changed_exclusions.customer_id from changed_exclusions)

)

select * from final
{{ dovecote.only_of_changes() }}
