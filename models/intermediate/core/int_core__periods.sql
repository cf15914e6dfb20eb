-- The shop's calendar: every local day, week and month from the first fact to as_of.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

first_facts as (

    select min(order_date) as first_date from {{ ref("dovecote", "int_core__orders") }}

    union all

    select min(event_date) as first_date from {{ ref("dovecote", "int_core__events") }}

    union all

    select min(first_seen_date) as first_date from {{ ref("dovecote", "int_core__customers") }}

    union all

    select {{ dovecote.local_date("min(coalesce(invited_at, responded_at))") }} as first_date
    from {{ ref("dovecote", "stg_nps_responses") }}

),

span as (

    select
        coalesce(min(first_facts.first_date), min(run.as_of_date)) as first_date,
        min(run.as_of_date) as last_date
    from run
    cross join first_facts

),

days as (

    select {{ dovecote.days_from_to("first_date", "last_date") }} as date_day
    from span

),

periods as (
    {% for grain in dovecote.retention_choices()["grain"] %}
    select distinct
        '{{ grain }}' as grain,
        {{ dovecote.period_start(grain, "date_day") }} as period_start
    from days
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

ended as (

    select
        grain,
        period_start,
        {{ dovecote.period_after("period_start") | indent(4) }} as next_period_start
    from periods

),

final as (

    select
        ended.grain,
        ended.period_start,
        ended.next_period_start,
        cast(ended.next_period_start as timestamp) <= run.as_of_local as is_complete
    from ended
    cross join run

)

select * from final
