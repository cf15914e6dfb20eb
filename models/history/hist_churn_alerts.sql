-- Reads its own earlier rows: a customer alerted within the cooldown, by a build that was green, is not alerted again,
-- and the places of a day go to the weightiest among the others.
{% set customer_merges = ref("dovecote", "int_core__customer_merges") -%}

with

candidates as (

    select * from {{ ref("dovecote", "int_churn__alert_candidates") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

{% if is_incremental() -%}
customer_merges as (

    select * from {{ customer_merges }}

),

green_builds as (

    select run_id
    from {{ dovecote.builds_relation() }}
    where is_green

),

alerted_lately as (

    select distinct coalesce(customer_merges.customer_id, earlier.customer_id) as customer_id
    from {{ this }} as earlier
    inner join green_builds
        on earlier.run_id = green_builds.run_id
    cross join run
    left join customer_merges
        on earlier.customer_id = customer_merges.from_customer_id
    where
        earlier.as_of_date <> run.as_of_date
        and abs({{ dovecote.days_between("earlier.as_of_date", "run.as_of_date") }})
        < {{ dovecote.alert_cooldown_days() }}

),
{%- else -%}
alerted_lately as (

    select customer_id
    from candidates
    where false

),
{%- endif %}

ranked as (

    select
        candidates.*,
        row_number() over (
            order by candidates.alert_weight desc, candidates.expected_loss desc, candidates.customer_id asc
        ) as alert_rank
    from candidates
    left join alerted_lately
        on candidates.customer_id = alerted_lately.customer_id
    where alerted_lately.customer_id is null

),

final as (

    select
        {{ dovecote.run_columns() | indent(8) }},
        run.as_of as alerted_at,
        ranked.customer_id,
        ranked.horizon_days,
        ranked.churn_probability,
        ranked.risk_band,
        ranked.predicted_365d,
        ranked.expected_loss,
        ranked.expected_loss_28d_ago,
        ranked.expected_loss_rise,
        ranked.alert_reason,
        ranked.reason_1,
        ranked.reason_2,
        ranked.reason_3,
        ranked.owner_group,
        ranked.last_order_date,
        ranked.model_name,
        ranked.model_version,
        cast(ranked.alert_rank as bigint) as alert_rank
    from ranked
    cross join run
    where ranked.alert_rank <= {{ var("dovecote_alert_daily_capacity") }}

)

select * from final
