{{ config(
    materialized="sliced_table", slice_key="customer_id", slice_of="int_core__changed_actions", slice_column="person_id"
) }}
{%- do ref("dovecote", "int_core__changed_actions") %}
{%- set all_events = ref("dovecote", "int_core__events") %}
{%- set customer_merges = ref("dovecote", "int_core__customer_merges") %}

-- When the first event happened that bears a customer's id. Where it was taken away, all others of the customer are
-- looked through; an account merged into another has none left.
with

{% if dovecote.is_slice() -%}
known as (

    select
        customer_id,
        first_event_at as occurred_at
    from {{ dovecote.known_rows() }}

),

taken_away as (

    select
        customer_id,
        occurred_at
    from {{ dovecote.slice_rows("int_core__events", "replaced") }} as events_before

    except

    select
        customer_id,
        occurred_at
    from {{ dovecote.slice_rows("int_core__events", "replacing") }} as events_now

),

merged_accounts as (

    select from_customer_id as customer_id from {{ customer_merges }}
    where from_customer_id <> customer_id

),

without_first as (

    select known.customer_id
    from known
    inner join taken_away
        on known.customer_id = taken_away.customer_id and known.occurred_at = taken_away.occurred_at
    where {{ dovecote.is_not_among("known", "customer_id", "merged_accounts") }}

),

{% endif -%}
events as (

    {% if dovecote.is_slice() -%}
    select
        customer_id,
        occurred_at
    from {{ dovecote.slice_rows("int_core__events", "replacing") }} as events_now

    union all

    (
        select * from known
        except
        select * from taken_away
    )

    union all

    {% endif -%}
    select
        customer_id,
        occurred_at
    from {{ all_events }}
    where {{ dovecote.is_in_slice("customer_id", "without_first") }}

),

final as (

    select
        customer_id,
        min(occurred_at) as first_event_at
    from events
    where customer_id is not null
    group by customer_id

)

select * from final
