-- Every list that is graded, at every past cut-off: what would have been published, its parts, what was popular, and
-- the challengers.
{% set depth = dovecote.graded_list_length() -%}

with

cutoffs as (

    select * from {{ ref("dovecote", "int_recommendations__cutoffs") }}
    where not is_as_of

),

tastes as (

    select * from {{ ref("dovecote", "int_recommendations__tastes") }}
    where not is_as_of

),

lists as (

    select * from {{ ref("dovecote", "int_recommendations__lists") }}

),

scored_lists as (

    select * from {{ ref("dovecote", "ml_recommendations__scored_lists") }}
    where method_name <> 'published'

),

challengers as (

    select * from {{ ref("dovecote", "ml_recommendations__challenger_lists") }}

),

similarities as (

    select * from {{ ref("dovecote", "int_recommendations__page_neighbours") }}

),

seeds as (

    select * from {{ ref("dovecote", "int_recommendations__page_seeds") }}

),

basket_counts as (

    select * from {{ ref("dovecote", "int_recommendations__basket_counts") }}

),

popular as (

    select
        'windowed_popularity' as method_name,
        cutoff_date,
        product_number,
        row_number() over (
            partition by cutoff_date order by window_baskets desc, baskets desc, product_number asc
        ) as position
    from {{ ref("dovecote", "int_recommendations__product_facts") }}
    where baskets > 0

    union all

    select
        'popularity' as method_name,
        cutoff_date,
        product_number,
        row_number() over (partition by cutoff_date order by baskets desc, product_number asc) as position
    from {{ ref("dovecote", "int_recommendations__product_facts") }}
    where baskets > 0

),

popular_lists as (

    select
        'all' as task,
        popular.method_name,
        tastes.cutoff_date,
        tastes.customer_number,
        popular.position,
        popular.product_number
    from tastes
    inner join popular
        on tastes.cutoff_date = popular.cutoff_date and popular.position <= {{ depth }}

    union all

    select
        'new' as task,
        popular.method_name,
        tastes.cutoff_date,
        tastes.customer_number,
        row_number() over (
            partition by popular.method_name, tastes.cutoff_date, tastes.customer_number
            order by popular.position
        ) as position,
        popular.product_number
    from tastes
    inner join popular
        on
            tastes.cutoff_date = popular.cutoff_date
            and popular.position <= {{ depth }} + tastes.settled_products
    left join basket_counts
        on
            tastes.cutoff_date = basket_counts.cutoff_date
            and tastes.customer_number = basket_counts.customer_number
            and popular.product_number = basket_counts.product_number
    where basket_counts.product_number is null

    union all

    select
        'item_page' as task,
        popular.method_name,
        seeds.cutoff_date,
        seeds.customer_number,
        row_number() over (
            partition by popular.method_name, seeds.cutoff_date, seeds.customer_number
            order by popular.position
        ) as position,
        popular.product_number
    from seeds
    inner join popular
        on
            seeds.cutoff_date = popular.cutoff_date
            and seeds.product_number <> popular.product_number
            and popular.position <= {{ depth }} + 1

),

all_lists as (

    select
        lists.task,
        'published' as method_name,
        lists.cutoff_date,
        lists.customer_number,
        lists.position,
        lists.product_number
    from lists
    inner join cutoffs
        on lists.cutoff_date = cutoffs.cutoff_date

    union all

    select
        task,
        method_name,
        cutoff_date,
        customer_number,
        position,
        product_number
    from scored_lists

    union all

    select
        'item_page' as task,
        'published' as method_name,
        seeds.cutoff_date,
        seeds.customer_number,
        similarities.position,
        similarities.similar_product_number as product_number
    from seeds
    inner join similarities
        on seeds.cutoff_date = similarities.cutoff_date and seeds.product_number = similarities.product_number

    union all

    select * from popular_lists

    union all

    select
        task,
        method_name,
        cutoff_date,
        customer_number,
        position,
        product_number
    from challengers

),

-- Who had bought nothing is a task of its own: only what falls back on popularity serves them.
cold_customers as (

    select distinct
        cutoff_date,
        customer_number
    from {{ ref("dovecote", "int_recommendations__relevant") }}
    where task = 'cold'

),

cold_lists as (

    select
        'cold' as task,
        all_lists.method_name,
        all_lists.cutoff_date,
        all_lists.customer_number,
        all_lists.position,
        all_lists.product_number
    from all_lists
    inner join cold_customers
        on
            all_lists.cutoff_date = cold_customers.cutoff_date
            and all_lists.customer_number = cold_customers.customer_number
    where all_lists.task = 'all'

),

final as (

    select * from all_lists
    where position <= {{ depth }}

    union all

    select * from cold_lists
    where position <= {{ depth }}

)

select * from final
