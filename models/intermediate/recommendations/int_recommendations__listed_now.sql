-- The rows that are published: every list as of now.
{% set cap = var("dovecote_recommendation_max_per_category") -%}

with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

lists as (

    select lists.*
    from {{ ref("dovecote", "int_recommendations__lists") }} as lists
    inner join run
        on lists.cutoff_date = run.as_of_date

),

due as (

    select repurchases.*
    from {{ ref("dovecote", "int_recommendations__repurchases") }} as repurchases
    inner join run
        on run.as_of_date between repurchases.expected_from_date and repurchases.expected_to_date
    {%- if cap %}
    qualify
        repurchases.category is null
        or row_number() over (
            partition by repurchases.customer_number, repurchases.category
            order by repurchases.score desc, repurchases.product_number asc
        ) <= {{ cap }}
    {%- endif %}

),

buy_again as (

    select
        customer_number,
        'buy_again' as list_name,
        row_number() over (partition by customer_number order by score desc, product_number asc) as position,
        product_number,
        0 as fallback_level,
        score,
        expected_date,
        expected_from_date,
        expected_to_date
    from due

),

final as (

    select * from buy_again
    where position <= {{ dovecote.recommendations_per_list() }}

    union all

    select
        customer_number,
        {{ dovecote.list_of_task("task") }} as list_name,
        position,
        product_number,
        fallback_level,
        score,
        cast(null as date) as expected_date,
        cast(null as date) as expected_from_date,
        cast(null as date) as expected_to_date
    from lists

)

select * from final
