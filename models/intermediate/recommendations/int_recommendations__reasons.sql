-- The terms that a scored row adds up, the three largest in words. A term is what the customer owns of one product,
-- the recommended one among them; what is left of the score are the small terms of everything else.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

listed as (

    select * from {{ ref("dovecote", "int_recommendations__listed_now") }}
    where fallback_level = 0

),

owned as (

    select holdings.*
    from {{ ref("dovecote", "int_recommendations__owned") }} as holdings
    inner join run
        on holdings.cutoff_date = run.as_of_date
    where holdings.owned_weight > 0

),

similarities as (

    select similarities.*
    from {{ ref("dovecote", "int_recommendations__similarities") }} as similarities
    inner join run
        on similarities.cutoff_date = run.as_of_date

),

product_facts as (

    select product_facts.*
    from {{ ref("dovecote", "int_recommendations__product_facts") }} as product_facts
    inner join run
        on product_facts.cutoff_date = run.as_of_date

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

weighed as (

    select
        listed.customer_number,
        listed.list_name,
        listed.product_number,
        product_facts.repeat_factor,
        product_facts.similar_weight,
        case listed.list_name
            when 'discover' then product_facts.discover_trend else product_facts.blend_trend
        end as trend
    from listed
    inner join product_facts
        on listed.product_number = product_facts.product_number

),

totals as (

    select
        customer_number,
        sum(owned_weight) as owned_weight
    from owned
    group by customer_number

),

terms as (

    select
        weighed.customer_number,
        weighed.list_name,
        weighed.product_number,
        owned.product_number as source_number,
        owned.basket_count,
        owned.last_bought_date,
        owned.owned_weight,
        0 as is_similar,
        true as is_reason,
        weighed.trend * weighed.repeat_factor * owned.owned_weight as contribution
    from weighed
    inner join owned
        on
            weighed.customer_number = owned.customer_number
            and weighed.product_number = owned.product_number

    union all

    select
        weighed.customer_number,
        weighed.list_name,
        weighed.product_number,
        similarities.product_number as source_number,
        owned.basket_count,
        owned.last_bought_date,
        owned.owned_weight,
        1 as is_similar,
        -- What is seldom bought by the same customers is no reason, even where it is a part of the sum.
        similarities.lift > 1 as is_reason,
        weighed.trend * weighed.similar_weight * owned.owned_weight * similarities.score as contribution
    from weighed
    inner join similarities
        on weighed.product_number = similarities.similar_product_number
    inner join owned
        on
            weighed.customer_number = owned.customer_number
            and similarities.product_number = owned.product_number
    where weighed.list_name <> 'buy_again'

),

rests as (

    select distinct
        similar_product_number as product_number,
        rest_score
    from similarities

),

-- Where a stored source is owned, the rest score stands for all that is owned beyond these terms.
sums as (

    select
        customer_number,
        list_name,
        product_number,
        sum(contribution) as contributions,
        sum(owned_weight) as owned_weight,
        max(is_similar) as has_source
    from terms
    group by customer_number, list_name, product_number

),

scores as (

    select
        sums.customer_number,
        sums.list_name,
        sums.product_number,
        sums.contributions
        + sums.has_source * weighed.trend * weighed.similar_weight
        * coalesce(rests.rest_score * (totals.owned_weight - sums.owned_weight), 0) as contributions
    from sums
    inner join weighed
        on
            sums.customer_number = weighed.customer_number
            and sums.list_name = weighed.list_name
            and sums.product_number = weighed.product_number
    inner join totals
        on sums.customer_number = totals.customer_number
    left join rests
        on sums.product_number = rests.product_number

),

largest as (

    select
        *,
        row_number() over (
            partition by customer_number, list_name, product_number
            order by round(contribution, 9) desc, source_number asc
        ) as place
    from terms
    where contribution > 0 and is_reason

),

worded as (

    select
        largest.customer_number,
        largest.list_name,
        largest.product_number,
        largest.place,
        largest.contribution,
        case
            when largest.source_number = largest.product_number and largest.basket_count > 0
                then {{ dovecote.bought_in_words("largest.basket_count", "largest.last_bought_date") }}
            when largest.source_number = largest.product_number then 'showed interest in it'
            when largest.basket_count > 0
                then
                    'goes with ' || products.product_name || ', '
                    || {{ dovecote.bought_in_words("largest.basket_count", "largest.last_bought_date") }}
            else 'goes with ' || products.product_name || ', which interested'
        end as reason
    from largest
    inner join products
        on largest.source_number = products.product_number
    where largest.place <= 3

),

reasons as (

    select
        {%- for place in [1, 2, 3] %}
        max(case when place = {{ place }} then reason end) as reason_{{ place }},
        max(case when place = {{ place }} then contribution end) as contribution_{{ place }},
        {%- endfor %}
        customer_number,
        list_name,
        product_number
    from worded
    group by customer_number, list_name, product_number

),

final as (

    select
        scores.customer_number,
        scores.list_name,
        scores.product_number,
        reasons.reason_1,
        reasons.reason_2,
        reasons.reason_3,
        reasons.contribution_1,
        reasons.contribution_2,
        reasons.contribution_3,
        scores.contributions
        - coalesce(reasons.contribution_1, 0)
        - coalesce(reasons.contribution_2, 0)
        - coalesce(reasons.contribution_3, 0) as other_contribution
    from scores
    left join reasons
        on
            scores.customer_number = reasons.customer_number
            and scores.list_name = reasons.list_name
            and scores.product_number = reasons.product_number

)

select * from final
