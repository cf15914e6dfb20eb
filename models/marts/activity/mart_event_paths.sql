with

path_counts as (

    select
        *,
        sum(sessions) over () as all_sessions
    from {{ ref("dovecote", "int_activity__path_counts") }}

),

final as (

    select
        path,
        cast(steps as integer) as steps,
        cast(sessions as bigint) as sessions,
        {{ dovecote.ratio("sessions", "all_sessions") }} as session_share,
        cast(sessions_with_purchase as bigint) as sessions_with_purchase,
        {{ dovecote.ratio("sessions_with_purchase", "sessions") }} as purchase_rate
    from path_counts
    qualify row_number() over (order by sessions desc, path asc) <= {{ var("dovecote_event_paths_kept") }}

)

select * from final
