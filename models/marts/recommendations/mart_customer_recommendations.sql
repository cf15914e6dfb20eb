with

listed as (

    select * from {{ ref("dovecote", "int_recommendations__listed_now") }}

),

reasons as (

    select * from {{ ref("dovecote", "int_recommendations__reasons") }}

),

tastes as (

    select tastes.*
    from {{ ref("dovecote", "int_recommendations__tastes") }} as tastes
    inner join {{ ref("dovecote", "int_core__run") }} as run
        on tastes.cutoff_date = run.as_of_date

),

settings as (

    select * from {{ ref("dovecote", "int_recommendations__settings") }}
    where is_as_of

),

customers as (

    select * from {{ ref("dovecote", "int_recommendations__customers") }}

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

versions as (

    select * from {{ ref("dovecote", "int_recommendations__model_version") }}

),

final as (

    select
        cast(customers.customer_id as string) as customer_id,
        cast(listed.list_name as string) as list_name,
        cast(listed.position as integer) as position,
        cast(products.product_id as string) as product_id,
        cast(listed.score as double) as score,
        cast(listed.fallback_level as integer) as fallback_level,
        cast(
            case
                when listed.fallback_level = 0 then coalesce(reasons.reason_1, 'goes a little with many other products')
                when listed.score = 0 then 'nothing more popular is left'
                when listed.fallback_level = 1
                    then
                        'popular in the last ' || cast(settings.popularity_days as integer)
                        || ' days where {{ var("dovecote_recommendation_segment") }} is ' || tastes.segment
                when listed.fallback_level = 2
                    then
                        'popular in the last ' || cast(settings.popularity_days as integer)
                        || ' days in ' || tastes.category
                else 'popular in the last ' || cast(settings.popularity_days as integer) || ' days in the shop'
            end as string
        ) as reason_1,
        cast(reasons.reason_2 as string) as reason_2,
        cast(reasons.reason_3 as string) as reason_3,
        cast({{ dovecote.rounded("reasons.contribution_1", 9) }} as double) as contribution_1,
        cast({{ dovecote.rounded("reasons.contribution_2", 9) }} as double) as contribution_2,
        cast({{ dovecote.rounded("reasons.contribution_3", 9) }} as double) as contribution_3,
        cast({{ dovecote.rounded("reasons.other_contribution", 9) }} as double) as other_contribution,
        cast(listed.expected_date as date) as expected_date,
        cast(listed.expected_from_date as date) as expected_from_date,
        cast(listed.expected_to_date as date) as expected_to_date,
        cast(versions.model_version as string) as model_version
    from listed
    cross join settings
    cross join versions
    inner join customers
        on listed.customer_number = customers.customer_number
    inner join products
        on listed.product_number = products.product_number
    inner join tastes
        on listed.customer_number = tastes.customer_number
    left join reasons
        on
            listed.customer_number = reasons.customer_number
            and listed.list_name = reasons.list_name
            and listed.product_number = reasons.product_number

)

select * from final
