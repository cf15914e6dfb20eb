with

session_paths as (

    select
        session_paths.path,
        session_paths.steps,
        sessions.has_purchase
    from {{ ref("dovecote", "int_activity__session_paths") }} as session_paths
    inner join {{ ref("dovecote", "int_activity__sessions") }} as sessions
        on session_paths.session_key = sessions.session_key

),

counted as (

    select
        path,
        steps,
        count(*) as sessions,
        count(*) filter (where has_purchase) as sessions_with_purchase,
        sum(count(*)) over () as all_sessions
    from session_paths
    group by path, steps

),

final as (

    select
        path,
        cast(steps as integer) as steps,
        cast(sessions as bigint) as sessions,
        {{ dovecote.ratio("sessions", "all_sessions") }} as session_share,
        cast(sessions_with_purchase as bigint) as sessions_with_purchase,
        {{ dovecote.ratio("sessions_with_purchase", "sessions") }} as purchase_rate
    from counted
    qualify row_number() over (order by sessions desc, path asc) <= {{ var("dovecote_event_paths_kept") }}

)

select * from final
