-- What product pages show by what buyers bought: what is bought together more often than by chance.
{{ config(materialized="view") }}

with

similarities as (

    select * from {{ ref("dovecote", "ml_recommendations__similarities") }}
    where use_name = 'display' and lift > 1

),

final as (

    select
        cutoff_date,
        product_number,
        similar_product_number,
        row_number() over (partition by cutoff_date, product_number order by position) as position,
        score,
        method_name,
        cosine,
        lift,
        co_buyers
    from similarities

)

select * from final
