-- The stage of every customer at the end of every month and at as_of, from what was known then.
{{ config(materialized="view") }}
{#- a view: transitions read it once, and the mart of today reads one of its dates -#}
{% set multiples = var("dovecote_lifecycle_multiples") -%}

with

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where not is_excluded

),

snapshot_dates as (

    select * from {{ ref("dovecote", "int_customers__snapshot_dates") }}

),

purchase_days as (

    select * from {{ ref("dovecote", "int_customers__purchase_days") }}

),

observed as (

    select
        snapshot_dates.month_start,
        snapshot_dates.snapshot_date,
        snapshot_dates.is_as_of,
        customers.customer_id,
        customers.first_seen_date,
        purchase_days.purchase_date as last_purchase_date,
        purchase_days.gap_days as last_gap_days,
        coalesce(purchase_days.purchases_to_date, 0) as purchases,
        {{ dovecote.days_between("purchase_days.purchase_date", "snapshot_dates.snapshot_date") }} as recency_days,
        {{ dovecote.cadence_days(
            "coalesce(purchase_days.gaps_to_date, 0)", "purchase_days.median_gap_days", "snapshot_dates.median_gap_days"
        ) | indent(8) }} as cadence_days
    from customers
    inner join snapshot_dates
        on
            customers.first_seen_date <= snapshot_dates.snapshot_date
            or (customers.first_seen_date is null and snapshot_dates.is_as_of)
    left join purchase_days
        on
            customers.customer_id = purchase_days.customer_id
            and snapshot_dates.snapshot_date >= purchase_days.purchase_date
            and coalesce(purchase_days.next_purchase_date, date '9999-12-31') > snapshot_dates.snapshot_date

),

staged as (

    select
        *,
        {{ dovecote.lifecycle_stage("purchases", "recency_days", "cadence_days", "last_gap_days") | indent(8) }}
            as stage
    from observed

),

final as (

    select
        month_start,
        snapshot_date,
        is_as_of,
        customer_id,
        first_seen_date,
        purchases,
        recency_days,
        cadence_days,
        stage,
        case
            when stage = 'prospect' then first_seen_date
            {%- for late_stage, bound in [("at_risk", "active"), ("lapsed", "at_risk"), ("lost", "lapsed")] %}
            {%- set days_in_bound = "floor(" ~ multiples[bound] ~ " * cadence_days)" %}
            when stage = '{{ late_stage }}'
                then {{ dovecote.date_plus_days("last_purchase_date", days_in_bound ~ " + 1") }}
            {%- endfor %}
            else last_purchase_date
        end as since
    from staged

)

select * from final
