with

rules as (

    select * from {{ ref("dovecote", "ml_recommendations__association_rules") }}

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

final as (

    select
        -- A plus within an id is doubled, so that no id reads like two.
        cast(
            replace(first_products.product_id, '+', '++')
            || coalesce(' + ' || replace(second_products.product_id, '+', '++'), '') as string
        ) as antecedent,
        cast(consequents.product_id as string) as consequent,
        cast(first_products.product_id as string) as antecedent_1,
        cast(second_products.product_id as string) as antecedent_2,
        cast(rules.baskets as bigint) as baskets,
        cast(rules.antecedent_baskets as bigint) as antecedent_baskets,
        cast(rules.consequent_baskets as bigint) as consequent_baskets,
        cast(rules.support as double) as support,
        cast(rules.confidence as double) as confidence,
        cast(rules.lift as double) as lift,
        cast(rules.lift_low as double) as lift_low,
        cast(rules.lift_high as double) as lift_high,
        cast(rules.leverage as double) as leverage,
        cast(rules.conviction as double) as conviction,
        cast(rules.zhang as double) as zhang,
        cast(rules.p_value as double) as p_value,
        cast(rules.q_value as double) as q_value
    from rules
    inner join products as first_products
        on rules.antecedent_1 = first_products.product_number
    left join products as second_products
        on rules.antecedent_2 = second_products.product_number
    inner join products as consequents
        on rules.consequent = consequents.product_number

)

select * from final
