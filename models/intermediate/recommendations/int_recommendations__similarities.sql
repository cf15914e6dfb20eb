-- What scores are made of: the most telling sources of each product, and the rest score that stands for all others.
with

similarities as (

    select * from {{ ref("dovecote", "ml_recommendations__similarities") }}

),

rests as (

    select
        cutoff_date,
        similar_product_number,
        score as rest_score
    from similarities
    where use_name = 'rest'

),

final as (

    select
        similarities.cutoff_date,
        similarities.product_number,
        similarities.similar_product_number,
        similarities.score,
        similarities.lift,
        rests.rest_score
    from similarities
    inner join rests
        on
            similarities.cutoff_date = rests.cutoff_date
            and similarities.similar_product_number = rests.similar_product_number
    where similarities.use_name = 'scoring'

)

select * from final
