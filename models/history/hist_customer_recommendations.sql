with

recommendations as (

    select * from {{ ref("dovecote", "mart_customer_recommendations") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        {{ dovecote.run_columns() | indent(8) }},
        recommendations.customer_id,
        recommendations.list_name,
        recommendations.position,
        recommendations.product_id,
        recommendations.score,
        recommendations.fallback_level,
        recommendations.model_version
    from recommendations
    cross join run

)

select * from final
