{{ config(materialized="summed_table", sum_keys=["path", "steps"]) }}

with

session_paths as (

    select * from {{ dovecote.counted("int_activity__session_paths") }}

),

sessions as (

    select * from {{ dovecote.counted("int_activity__sessions") }}

),

final as (

    select
        session_paths.path,
        session_paths.steps,
        count(*) as sessions,
        count(*) filter (where sessions.has_purchase) as sessions_with_purchase
    from session_paths
    inner join sessions
        on session_paths.session_key = sessions.session_key
    group by session_paths.path, session_paths.steps

)

select * from final
