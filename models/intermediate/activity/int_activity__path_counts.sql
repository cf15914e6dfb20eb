{{ config(materialized="summed_table", sum_keys=["path", "steps"]) }}

with

sessions as (

    select * from {{ dovecote.counted("int_activity__sessions") }}

),

final as (

    select
        path,
        path_steps as steps,
        count(*) as sessions,
        count(*) filter (where has_purchase) as sessions_with_purchase
    from sessions
    group by path, path_steps

)

select * from final
