-- The published lists: scored products first, then popular ones until the list is full.
{% set cap = var("dovecote_recommendation_max_per_category") -%}

with

tastes as (

    select
        *,
        case
            when is_as_of then {{ dovecote.recommendations_per_list() }} else {{ dovecote.graded_list_length() }}
        end as list_length
    from {{ ref("dovecote", "int_recommendations__tastes") }}

),

scored as (

    select
        scored_lists.cutoff_date,
        scored_lists.customer_number,
        scored_lists.task,
        scored_lists.position,
        scored_lists.product_number,
        product_facts.category,
        scored_lists.score
    from {{ ref("dovecote", "ml_recommendations__scored_lists") }} as scored_lists
    inner join {{ ref("dovecote", "int_recommendations__product_facts") }} as product_facts
        on
            scored_lists.cutoff_date = product_facts.cutoff_date
            and scored_lists.product_number = product_facts.product_number
    where scored_lists.method_name = 'published'

),

popular as (

    select * from {{ ref("dovecote", "int_recommendations__popular_products") }}

),

owned as (

    select * from {{ ref("dovecote", "int_recommendations__owned") }}

),

tasks as (

    select 'all' as task

    union all

    select 'new' as task

),

scored_lengths as (

    select
        cutoff_date,
        customer_number,
        task,
        count(*) as scored_products
    from scored
    group by cutoff_date, customer_number, task

),

short_lists as (

    select
        tastes.*,
        tasks.task
    from tastes
    cross join tasks
    left join scored_lengths
        on
            tastes.cutoff_date = scored_lengths.cutoff_date
            and tastes.customer_number = scored_lengths.customer_number
            and tasks.task = scored_lengths.task
    where coalesce(scored_lengths.scored_products, 0) < tastes.list_length

),

groups as (

    select
        *,
        1 as fallback_level,
        segment as group_name
    from short_lists
    where segment is not null

    union all

    select
        *,
        2 as fallback_level,
        category as group_name
    from short_lists
    where category is not null

    union all

    select
        *,
        3 as fallback_level,
        'shop' as group_name
    from short_lists

),

-- However much of what is popular a customer may not be shown, enough is left. How much lies outside of what it pays
-- is not known beforehand.
fallbacks as (

    select
        groups.cutoff_date,
        groups.customer_number,
        groups.task,
        groups.is_as_of,
        groups.list_length,
        groups.fallback_level,
        popular.product_number,
        popular.category,
        popular.score,
        popular.position
    from groups
    inner join popular
        on
            groups.cutoff_date = popular.cutoff_date
            and groups.fallback_level = popular.fallback_level
            and groups.group_name = popular.group_name
            and (
                groups.lowest_price is not null
                {%- if cap %}
                or popular.position_in_category <= groups.settled_products
                + case when popular.category is null or not groups.is_as_of then groups.list_length else {{ cap }} end
                {%- else %}
                or popular.position <= groups.list_length + groups.settled_products
                {%- endif %}
            )
    left join owned
        on
            groups.cutoff_date = owned.cutoff_date
            and groups.customer_number = owned.customer_number
            and popular.product_number = owned.product_number
    where
        not coalesce(case groups.task when 'all' then owned.is_barred else owned.is_barred_as_new end, false)
        and {{ dovecote.is_in_price_band("popular.usual_price", "groups") }}

),

candidates as (

    select
        scored.cutoff_date,
        scored.customer_number,
        scored.task,
        tastes.is_as_of,
        tastes.list_length,
        0 as fallback_level,
        scored.product_number,
        scored.category,
        scored.score,
        scored.position
    from scored
    inner join tastes
        on scored.cutoff_date = tastes.cutoff_date and scored.customer_number = tastes.customer_number

    union all

    select
        cutoff_date,
        customer_number,
        task,
        is_as_of,
        list_length,
        fallback_level,
        product_number,
        category,
        score,
        position
    from fallbacks

),

distinct_candidates as (

    select * from candidates
    qualify
        row_number() over (
            partition by cutoff_date, customer_number, task, product_number order by fallback_level
        ) = 1

),
{% if cap %}
capped as (

    select * from distinct_candidates
    qualify
        category is null
        or not is_as_of
        or row_number() over (
            partition by cutoff_date, customer_number, task, category order by fallback_level asc, position asc
        ) <= {{ cap }}

),
{% endif %}
ranked as (

    select
        *,
        row_number() over (
            partition by cutoff_date, customer_number, task order by fallback_level asc, position asc
        ) as list_position
    from {{ "capped" if cap else "distinct_candidates" }}

),

final as (

    select
        cutoff_date,
        customer_number,
        task,
        list_position as position,
        product_number,
        fallback_level,
        score
    from ranked
    where list_position <= list_length

)

select * from final
