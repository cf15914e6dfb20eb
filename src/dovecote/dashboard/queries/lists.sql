-- What a few customers would be shown, and why: those worth most, and some of every level of fallback.
with

recipients as (

    select
        recommendations.customer_id,
        max(value.predicted_365d) as predicted_365d,
        min(recommendations.fallback_level) as fallback_level
    from mart_customer_recommendations as recommendations
    left join mart_customer_value as value
        on recommendations.customer_id = value.customer_id
    where recommendations.position = 1
    group by recommendations.customer_id
    qualify
        row_number() over (
            partition by min(recommendations.fallback_level)
            order by max(value.predicted_365d) desc nulls last, recommendations.customer_id
        ) <= 12

),

numbered as (

    select
        customer_id,
        fallback_level,
        row_number() over (order by predicted_365d desc nulls last, customer_id) as customer_number
    from recipients

)

select
    case
        when getvariable('shows_customer_ids') then recommendations.customer_id
        else 'customer ' || numbered.customer_number
    end as customer,
    numbered.customer_number,
    recommendations.list_name,
    recommendations.position,
    coalesce(products.product_name, recommendations.product_id) as product,
    recommendations.fallback_level,
    recommendations.reason_1
from mart_customer_recommendations as recommendations
inner join numbered
    on recommendations.customer_id = numbered.customer_id
left join dim_products as products
    on recommendations.product_id = products.product_id
where recommendations.position <= 8
order by numbered.customer_number, recommendations.list_name, recommendations.position
