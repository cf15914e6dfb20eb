-- What scores are made of: the most telling sources of each product, with its rest score taken off, which stands for
-- all other sources and is added again once for all a customer owns.
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
        rests.rest_score,
        similarities.score - rests.rest_score as score_above_rest
    from similarities
    inner join rests
        on
            similarities.cutoff_date = rests.cutoff_date
            and similarities.similar_product_number = rests.similar_product_number
    where similarities.use_name = 'scoring'

)

select * from final
