{{ config(materialized="sliced_table", slice_key="anonymous_id", slice_of="int_core__changed_visitors") }}
{%- set changed_visitors = ref("dovecote", "int_core__changed_visitors") %}
{#- what reads all of the inputs does so while they are in memory, before tables of people take their place #}
{%- do ref("dovecote", "int_core__sliced_input_counts") %}
{%- do ref("dovecote", "int_core__latest_input_rows") %}

-- Every anonymous_id with the customer that it was seen with, if any. Few were seen with several: only their events
-- need to be put in the order of time.
with

events as (

    select * from {{ ref("dovecote", "stg_events") }}
    where
        anonymous_id is not null
        and {{ dovecote.is_in_slice("anonymous_id", changed_visitors) }}

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

owned as (

    select
        events.anonymous_id,
        coalesce(customer_merges.customer_id, events.customer_id) as customer_id
    from events
    left join customer_merges
        on events.customer_id = customer_merges.from_customer_id

),

final as (

    select
        anonymous_id,
        min(customer_id) as customer_id,
        coalesce(min(customer_id) <> max(customer_id), false) as is_shared
    from owned
    group by anonymous_id

)

select * from final
