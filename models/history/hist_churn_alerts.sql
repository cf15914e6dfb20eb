-- Reads its own earlier rows: a customer alerted within the cooldown is not alerted again, and the places of a day go
-- to the largest losses among the others.
with

candidates as (

    select * from {{ ref("dovecote", "int_churn__alert_candidates") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

waiting as (

    {% if is_incremental() -%}
    select candidates.*
    from candidates
    cross join run
    where
        not exists (
            select 1
            from {{ this }} as earlier
            where
                earlier.customer_id = candidates.customer_id
                and earlier.as_of_date < run.as_of_date
                and earlier.as_of_date
                > {{ dovecote.date_plus_days("run.as_of_date", -dovecote.alert_cooldown_days()) }}
        )
    {%- else -%}
    select * from candidates
    {%- endif %}

),

ranked as (

    select
        *,
        row_number() over (order by expected_loss desc, customer_id asc) as alert_rank
    from waiting

),

final as (

    select
        run.as_of_date,
        '{{ dovecote.this_run_id() }}' as run_id,
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
        ranked.alert_rank
    from ranked
    cross join run
    where ranked.alert_rank <= {{ var("dovecote_alert_daily_capacity") }}

)

select * from final
