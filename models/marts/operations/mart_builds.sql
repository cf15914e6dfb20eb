{{ config(materialized="view") }}
{#- a view: the registry is written after the models, when a build ends -#}

with

builds as (

    select * from {{ dovecote.builds_relation() }}

),

final as (

    select
        cast(run_id as string) as run_id,
        cast(started_at as timestamp) as started_at,
        cast(finished_at as timestamp) as finished_at,
        cast(as_of as timestamp) as as_of,
        cast(as_of_date as date) as as_of_date,
        cast(package_version as string) as package_version,
        cast(status as string) as status,
        cast(is_green as boolean) as is_green
    from builds

)

select * from final
