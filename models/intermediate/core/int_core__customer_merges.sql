-- Each merged id with the id it stands for now. Links are followed to the end of their chain; ids in or
-- before a circle stand for its smallest id.
with recursive

links as (

    select
        from_customer_id,
        to_customer_id
    from {{ ref("dovecote", "stg_customer_merges") }}

),

reached (from_customer_id, customer_id, passed_ids) as (

    select
        from_customer_id,
        to_customer_id,
        {{ dovecote.list_of("from_customer_id") }}
    from links

    union all

    select
        reached.from_customer_id,
        links.to_customer_id,
        array_append(reached.passed_ids, reached.customer_id)
    from reached
    inner join links
        on reached.customer_id = links.from_customer_id
    where not array_contains(reached.passed_ids, reached.customer_id)

),

circle_members as (

    select customer_id
    from reached
    where from_customer_id = customer_id

),

chain_ends as (

    select
        reached.from_customer_id,
        coalesce(
            min(case when links.from_customer_id is null then reached.customer_id end),
            min(circle_members.customer_id)
        ) as customer_id
    from reached
    left join links
        on reached.customer_id = links.from_customer_id
    left join circle_members
        on reached.customer_id = circle_members.customer_id
    group by reached.from_customer_id

),

final as (

    select
        from_customer_id,
        coalesce(customer_id, from_customer_id) as customer_id
    from chain_ends

)

select * from final
