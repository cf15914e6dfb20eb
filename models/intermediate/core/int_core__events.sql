{{ config(
    materialized="sliced_table", slice_key=["anonymous_id", "event_id"],
    slice_of=["int_core__restitched_visitors", "int_core__changed_events_without_visitor"], stored_by_month_of="occurred_at"
) }}
{%- do ref("dovecote", "int_core__restitched_visitors") %}
{%- do ref("dovecote", "int_core__changed_events_without_visitor") %}
{%- set newly_judged = dovecote.slice_rows("base_events", "replacing") %}
{%- set judged_rows = dovecote.replaced_rows("base_events") %}
{%- set changed_customer_events = ref("dovecote", "int_core__changed_customer_events") %}

-- Every accepted event with its canonical type and the person it belongs to. An event without a customer
-- belongs to the next customer seen with its anonymous_id, else to the previous one, else to the anonymous_id.
with

events as {{ dovecote.not_materialized() if not dovecote.is_slice() }} (

    {% if dovecote.is_slice() -%}
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
        channel,
        cast(null as string) as known_event_type
    from {{ newly_judged }} as newly_judged
    where row_status = 'accepted'

    union all

    {#- what was known of the others of these visitors still holds, but for whom they belong to #}
    select
        known.event_id,
        coalesce(changed_customer_events.customer_id, known.customer_id) as customer_id,
        known.anonymous_id,
        known.session_id,
        known.occurred_at,
        known.event_type,
        known.product_id,
        known.page_path,
        known.referrer,
        known.search_term as search_query,
        known.result_count,
        known.device,
        known.channel,
        known.event_type as known_event_type
    from {{ dovecote.known_rows() }} as known
    left join {{ changed_customer_events }} as changed_customer_events
        on known.event_id = changed_customer_events.event_id
    where
        not exists (
            select 1 from ({{ judged_rows }}) as judged
            where judged.event_id = known.event_id and judged.row_status = 'accepted'
        )
    {%- else -%}
    select
        *,
        cast(null as string) as known_event_type
    from {{ ref("dovecote", "stg_events") }}
    {%- endif %}

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

exclusions as (

    select * from {{ ref("dovecote", "int_core__exclusions") }}

),

vocabulary as (

    select * from {{ ref("dovecote", "int_core__event_vocabulary") }}

),

owned as {{ dovecote.not_materialized() if not dovecote.is_slice() }} (

    select
        events.*,
        coalesce(customer_merges.customer_id, events.customer_id) as known_customer_id
    from events
    left join customer_merges
        on events.customer_id = customer_merges.from_customer_id

),

visitors as (

    select * from {{ ref("dovecote", "int_core__visitors") }}

),

stitched as (

    select
        owned.*,
        coalesce(
            owned.known_customer_id,
            {{ dovecote.first_known("owned.known_customer_id") }} over (
                partition by owned.anonymous_id
                order by owned.occurred_at, owned.event_id
                rows between current row and unbounded following
            ),
            {{ dovecote.first_known("owned.known_customer_id") }} over (
                partition by owned.anonymous_id
                order by owned.occurred_at desc, owned.event_id desc
                rows between current row and unbounded following
            )
        ) as person_id
    from owned
    inner join visitors
        on owned.anonymous_id = visitors.anonymous_id
    where visitors.is_shared

    union all

    select
        owned.*,
        coalesce(owned.known_customer_id, visitors.customer_id, 'anon:' || owned.anonymous_id) as person_id
    from owned
    left join visitors
        on owned.anonymous_id = visitors.anonymous_id
    where not coalesce(visitors.is_shared, false)

),

final as (

    select
        stitched.event_id,
        stitched.person_id,
        stitched.known_customer_id as customer_id,
        stitched.anonymous_id,
        stitched.session_id,
        stitched.occurred_at,
        {{ dovecote.local_date("stitched.occurred_at") }} as event_date,
        coalesce(stitched.known_event_type, vocabulary.canonical_type, 'other') as event_type,
        stitched.product_id,
        stitched.page_path,
        stitched.referrer,
        lower(stitched.search_query) as search_term,
        stitched.result_count,
        stitched.device,
        stitched.channel,
        coalesce(
            stitched.known_customer_id is null and stitched.person_id = 'anon:' || stitched.anonymous_id, false
        ) as is_anonymous,
        exclusions.customer_id is not null as is_excluded
    from stitched
    left join exclusions
        on stitched.person_id = exclusions.customer_id
    left join vocabulary
        on lower(stitched.event_type) = vocabulary.event_type

)

select * from final
