-- The best of each customer's scored products, list by list. Rules leave products out before the best are taken, so no
-- rule makes a list short.
{% set cap = var("dovecote_recommendation_max_per_category") -%}
{% set order = dovecote.order_key(["score", "-product_number"]) -%}

with

owned as (

    select * from {{ ref("dovecote", "int_recommendations__owned") }}

),

similarities as (

    select * from {{ ref("dovecote", "int_recommendations__similarities") }}

),

rests as (

    select distinct
        cutoff_date,
        similar_product_number as product_number,
        rest_score
    from similarities

),

product_facts as (

    select * from {{ ref("dovecote", "int_recommendations__product_facts") }}

),

tastes as (

    select * from {{ ref("dovecote", "int_recommendations__tastes") }}

),

-- A product's own row and those of its sources, to be added up without a join of the two.
terms as (

    select
        owned.cutoff_date,
        owned.customer_number,
        similarities.similar_product_number as product_number,
        owned.owned_weight * similarities.score_above_rest as above_rest,
        cast(null as double) as own_weight,
        0 as basket_count,
        false as is_in_cart
    from owned
    inner join similarities
        on owned.cutoff_date = similarities.cutoff_date and owned.product_number = similarities.product_number

    union all

    select
        cutoff_date,
        customer_number,
        product_number,
        cast(null as double) as above_rest,
        owned_weight as own_weight,
        basket_count,
        is_in_cart
    from owned

),

summed as (

    select
        cutoff_date,
        customer_number,
        product_number,
        sum(above_rest) as above_rest,
        coalesce(max(own_weight), 0) as own_weight,
        max(basket_count) as basket_count,
        max(is_in_cart) as is_in_cart
    from terms
    group by cutoff_date, customer_number, product_number

),

candidates as (

    select
        summed.cutoff_date,
        tastes.is_as_of,
        summed.customer_number,
        summed.product_number,
        product_facts.category,
        product_facts.blend_trend,
        product_facts.discover_trend,
        product_facts.similar_weight,
        summed.own_weight,
        summed.basket_count,
        product_facts.repeat_factor * summed.own_weight as own_score,
        coalesce(
            summed.above_rest + rests.rest_score * (tastes.owned_weight - summed.own_weight), 0
        ) as similar_score,
        summed.basket_count = 0 or product_facts.is_replenishable as is_wanted_again
    from summed
    inner join product_facts
        on
            summed.cutoff_date = product_facts.cutoff_date
            and summed.product_number = product_facts.product_number
    inner join tastes
        on summed.cutoff_date = tastes.cutoff_date and summed.customer_number = tastes.customer_number
    left join rests
        on summed.cutoff_date = rests.cutoff_date and summed.product_number = rests.product_number
    where
        product_facts.is_candidate
        and not summed.is_in_cart
        and {{ dovecote.is_in_price_band("product_facts.usual_price", "tastes.usual_price") }}

),
{% for list in dovecote.scored_lists() %}
{% set name = list["method_name"] ~ "_" ~ list["task"] %}
{{ name }}_scores as (

    select
        cutoff_date,
        is_as_of,
        customer_number,
        product_number,
        category,
        round({{ list["score"] }}, 9) as score
    from candidates
    where
        {{ list["score"] }} > 0.0000000005
        and {{ "basket_count = 0" if list["task"] == "new" else "is_wanted_again" }}
        {%- if not list["is_published"] %}
        and not is_as_of
        {%- endif %}

),
{% if cap %}
{{ name }}_capped as (

    select * from {{ name }}_scores
    qualify
        row_number() over (
            partition by cutoff_date, customer_number, category order by {{ order }} desc
        ) <= {{ cap }} or category is null

),
{% endif %}
{{ name }} as (

    select
        '{{ list["method_name"] }}' as method_name,
        '{{ list["task"] }}' as task,
        *
    from {{ name }}_{{ "capped" if cap else "scores" }}
    qualify
        row_number() over (partition by cutoff_date, customer_number order by {{ order }} desc)
        <= {{ [dovecote.recommendations_per_list(), dovecote.graded_list_length()] | max }}

),
{% endfor %}
final as (
    {% for list in dovecote.scored_lists() %}
    select
        cutoff_date,
        method_name,
        task,
        customer_number,
        product_number,
        category,
        score,
        row_number() over (
            partition by cutoff_date, customer_number order by score desc, product_number asc
        ) as position
    from {{ list["method_name"] }}_{{ list["task"] }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select * from final
