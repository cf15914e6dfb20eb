-- Why a scored product is listed: the owned products that add most to its score, in words.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

scored as (

    select
        scored_lists.customer_number,
        {{ dovecote.list_of_task("scored_lists.task") }} as list_name,
        scored_lists.product_number,
        {%- for place in [1, 2, 3] %}
        scored_lists.source_{{ place }},
        scored_lists.contribution_{{ place }},
        {%- endfor %}
        scored_lists.other_contribution
    from {{ ref("dovecote", "ml_recommendations__scored_lists") }} as scored_lists
    inner join run
        on scored_lists.cutoff_date = run.as_of_date
    where scored_lists.method_name = 'published'

    union all

    select
        customer_number,
        list_name,
        product_number,
        product_number as source_1,
        score as contribution_1,
        cast(null as bigint) as source_2,
        cast(null as double) as contribution_2,
        cast(null as bigint) as source_3,
        cast(null as double) as contribution_3,
        0 as other_contribution
    from {{ ref("dovecote", "int_recommendations__listed_now") }}
    where list_name = 'buy_again'

),

owned as (

    select
        owned_products.customer_number,
        owned_products.product_number,
        products.product_name,
        case
            when owned_products.basket_count > 0
                then {{ dovecote.bought_in_words("owned_products.basket_count", "owned_products.last_bought_date") }}
        end as bought
    from {{ ref("dovecote", "int_recommendations__owned") }} as owned_products
    inner join run
        on owned_products.cutoff_date = run.as_of_date
    inner join {{ ref("dovecote", "int_recommendations__products") }} as products
        on owned_products.product_number = products.product_number

),

final as (

    select
        scored.customer_number,
        scored.list_name,
        scored.product_number,
        {%- for place in [1, 2, 3] %}
        case
            when scored.source_{{ place }} = scored.product_number
                then coalesce(owned_{{ place }}.bought, 'showed interest in it')
            when scored.source_{{ place }} is not null
                then
                    'goes with ' || owned_{{ place }}.product_name || ', '
                    || coalesce(owned_{{ place }}.bought, 'which interested')
        end as reason_{{ place }},
        scored.contribution_{{ place }},
        {%- endfor %}
        scored.other_contribution
    from scored
    left join owned as owned_1
        on
            scored.customer_number = owned_1.customer_number
            and scored.source_1 = owned_1.product_number
    left join owned as owned_2
        on
            scored.customer_number = owned_2.customer_number
            and scored.source_2 = owned_2.product_number
    left join owned as owned_3
        on
            scored.customer_number = owned_3.customer_number
            and scored.source_3 = owned_3.product_number

)

select * from final
