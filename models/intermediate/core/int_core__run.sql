-- The one place where the clock is read. Times of rows are read raw, as staging needs as_of to judge them.
{% set times = {
    "orders": ["ordered_at", "refunded_at", "status_changed_at", "delivered_at", "updated_at"],
    "customers": ["created_at", "closed_at", "updated_at"],
    "products": ["updated_at"],
    "events": ["occurred_at"],
    "reviews": ["created_at"],
    "nps_responses": ["invited_at", "responded_at"],
    "customer_merges": ["merged_at"],
} -%}
{%- set fixed_as_of = dovecote.fixed_as_of() -%}

with start as (

    select cast('{{ dovecote.run_start() }}' as timestamp) as run_started_at

),

latest_times as (
    {% for entity, columns in times.items() %}
    {%- set raw_rows = ref("dovecote", "raw_" ~ entity) %}
    {%- if fixed_as_of %}
    select cast(null as timestamp) as fact_at
    {%- else %}
    select {{ dovecote.latest_up_to("start.run_started_at", "raw_rows", columns) }} as fact_at
    from {{ raw_rows }} as raw_rows
    cross join start
    {%- endif %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

latest as (

    select max(fact_at) as fact_at
    from latest_times

),

instants as (

    select
        start.run_started_at,
        {% if fixed_as_of -%}
        {{ dovecote.read_as("timestamp", "'" ~ fixed_as_of ~ "'") }} as as_of
        {%- else -%}
        coalesce(latest.fact_at + interval 1 microsecond, start.run_started_at) as as_of
        {%- endif %}
    from start
    cross join latest

),

ordered as (

    select
        {{ dovecote.read_as("code", "currency") }} as currency,
        {{ dovecote.read_as("timestamp", "ordered_at") }} as ordered_at
    from {{ ref("dovecote", "raw_orders") }}

),

currencies as (

    select
        ordered.currency,
        count(*) as orders
    from ordered
    cross join instants
    where ordered.currency is not null and ordered.ordered_at < instants.as_of
    group by ordered.currency

),

main_currency as (

    select currency
    from currencies
    qualify row_number() over (order by orders desc, currency asc) = 1

),

dated as (

    select
        instants.run_started_at,
        instants.as_of,
        coalesce(
            {{ dovecote.literal_or_null(var("dovecote_currency") | upper if var("dovecote_currency") else none) }},
            main_currency.currency
        ) as reporting_currency
    from instants
    left join main_currency
        on 1 = 1

),

final as (

    select
        run_started_at,
        cast(as_of as timestamp) as as_of,
        {{ dovecote.local_timestamp("as_of") }} as as_of_local,
        {{ dovecote.local_date("as_of - interval 1 microsecond") }} as as_of_date,
        cast({{ dovecote.same_as_before("reporting_currency") }} as string) as reporting_currency,
        cast({{ dovecote.literal_or_null(var("dovecote_history_start")) }} as date) as history_start
    from dated

)

select * from final
