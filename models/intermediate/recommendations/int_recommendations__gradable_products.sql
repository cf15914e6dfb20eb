-- What could have been recommended to the customers who are graded, task by task: what had been bought by then.
with

tasks as (

    select 'all' as task

    union all

    select 'new' as task

    union all

    select 'cold' as task

    union all

    select 'item_page' as task

),

cutoffs as (

    select * from {{ ref("dovecote", "int_recommendations__cutoffs") }}
    where not is_as_of

),

product_facts as (

    select * from {{ ref("dovecote", "int_recommendations__product_facts") }}
    where buyers > 0

),

final as (

    select
        tasks.task,
        product_facts.cutoff_date,
        product_facts.product_number,
        product_facts.buyers
    from product_facts
    inner join cutoffs
        on product_facts.cutoff_date = cutoffs.cutoff_date
    cross join tasks

)

select * from final
