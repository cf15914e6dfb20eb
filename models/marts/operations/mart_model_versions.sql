with

cards as (

    select * from {{ ref("dovecote", "int_churn__model_cards") }}

    union all

    select * from {{ ref("dovecote", "int_recommendations__model_card") }}

),

final as (

    select
        cast(cards.model_version as string) as model_version,
        cast(cards.domain as string) as domain,
        cast(cards.is_published as boolean) as is_published,
        cast(cards.model_name as string) as model_name,
        cast(cards.activity as string) as activity,
        cast(cards.horizon_days as integer) as horizon_days,
        cast(cards.trained_to_date as date) as trained_to_date,
        cast(cards.training_customers as bigint) as training_customers,
        cast(cards.parameters as string) as parameters,
        cast(cards.metrics as string) as metrics,
        cast(md5(cards.input_fingerprint) as string) as input_fingerprint,
        cast('{{ dovecote.package_version() }}' as string) as package_version
    from cards

)

select * from final
