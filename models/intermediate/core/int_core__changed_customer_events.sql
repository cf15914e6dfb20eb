{%- set base_events = ref("dovecote", "base_events") -%}
{%- set changed_customers = ref("dovecote", "int_core__changed_customers") -%}
-- Empty unless a build computes changes alone: the known events whose customer was merged or excluded, or is no more.
with

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
        device,
        channel
    from {{ base_events }}
    {%- if dovecote.scope() == "changes" %}
    {#- places first, so that other columns are read of these rows alone #}
    where
        row_status = 'accepted'
        and rowid in (
            select seen.rowid from {{ base_events }} as seen
            where {{ dovecote.is_among("seen.customer_id", changed_customers, "customer_id") }}
        )
    {%- endif %}

)

select * from final
{{ dovecote.only_of_changes() }}
