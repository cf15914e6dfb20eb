-- The one place where the clock is read. Times of rows are read raw, as staging needs as_of to judge them.
{% set times = {
    "orders": ["ordered_at", "refunded_at", "status_changed_at", "delivered_at"],
    "customers": ["created_at", "closed_at"],
    "events": ["occurred_at"],
    "reviews": ["created_at"],
    "nps_responses": ["invited_at", "responded_at"],
    "customer_merges": ["merged_at"],
} -%}
{%- set fixed_as_of = dovecote.fixed_as_of() -%}

with start as (

    select cast('{{ dovecote.run_start() }}' as timestamp) as run_started_at

),

raw_times as (
    {% for entity, columns in times.items() %}
    {%- for column in columns %}
    select {{ dovecote.read_as("timestamp", column) }} as fact_at from {{ ref("dovecote", "raw_" ~ entity) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

latest as (

    select max(raw_times.fact_at) as fact_at
    from raw_times
    cross join start
    where raw_times.fact_at <= start.run_started_at

),

currencies as (

    select
        {{ dovecote.read_as("text", "currency") }} as currency,
        count(*) as orders
    from {{ ref("dovecote", "raw_orders") }}
    group by 1

),

main_currency as (

    select currency
    from currencies
    where currency is not null
    qualify row_number() over (order by orders desc, currency asc) = 1

),

dated as (

    select
        start.run_started_at,
        {% if fixed_as_of -%}
        {{ dovecote.read_as("timestamp", "'" ~ fixed_as_of ~ "'") }} as as_of,
        {%- else -%}
        coalesce(latest.fact_at + interval 1 microsecond, start.run_started_at) as as_of,
        {%- endif %}
        coalesce(
            {{ dovecote.literal_or_null(dovecote.setting("currency")) }},
            main_currency.currency
        ) as reporting_currency
    from start
    cross join latest
    left join main_currency
        on 1 = 1

),

final as (

    select
        run_started_at,
        cast(as_of as timestamp) as as_of,
        {{ dovecote.local_timestamp("as_of") }} as as_of_local,
        {{ dovecote.local_date("as_of - interval 1 microsecond") }} as as_of_date,
        cast(reporting_currency as string) as reporting_currency,
        cast({{ dovecote.literal_or_null(dovecote.setting("history_start")) }} as date) as history_start
    from dated

)

select * from final
