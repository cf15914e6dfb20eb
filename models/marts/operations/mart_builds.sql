{{ config(materialized="view") }}
{#- a view: the registry is written after the models, when a build ends -#}

with

builds as (

    select * from {{ dovecote.builds_relation() }}

),

final as (

    select
        cast(run_id as string) as run_id,
        cast(command as string) as command,
        cast(started_at as timestamp) as started_at,
        cast(finished_at as timestamp) as finished_at,
        cast(as_of as timestamp) as as_of,
        cast(as_of_date as date) as as_of_date,
        cast(package_version as string) as package_version,
        cast(dbt_version as string) as dbt_version,
        cast(git_revision as string) as git_revision,
        cast(status as string) as status,
        cast(is_green as boolean) as is_green,
        cast(message as string) as message,
        cast(nodes as integer) as nodes,
        cast(nodes_succeeded as integer) as nodes_succeeded,
        cast(nodes_warned as integer) as nodes_warned,
        cast(nodes_failed as integer) as nodes_failed,
        cast(nodes_skipped as integer) as nodes_skipped,
        cast(input_fingerprints as string) as input_fingerprints,
        cast(settings as string) as settings
    from builds

)

select * from final
