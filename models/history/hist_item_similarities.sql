with

similarities as (

    select * from {{ ref("dovecote", "mart_item_similarities") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        {{ dovecote.run_columns() | indent(8) }},
        similarities.product_id,
        similarities.position,
        similarities.similar_product_id,
        similarities.score,
        similarities.method_name,
        similarities.model_version
    from similarities
    cross join run

)

select * from final
