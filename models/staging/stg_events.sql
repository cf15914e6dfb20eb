with

accepted as (

    select * from {{ ref("dovecote", "base_events") }}
    where row_status = 'accepted'

),

final as (

    select
        event_id,
        customer_id,
        anonymous_id,
        session_id,
        occurred_at,
        event_type,
        product_id,
        page_path,
        referrer,
        search_query,
        result_count,
        duration_seconds,
        position,
        recommendation_id,
        campaign_id,
        device,
        channel,
        app_version
    from accepted

)

select * from final
