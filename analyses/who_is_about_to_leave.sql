-- Whose leaving would cost most, and why are they thought to leave?
-- Write to the top of the list first: expected_loss weighs how likely they stay away by what a year with them brings.
with

risk as (

    select * from {{ ref("dovecote", "mart_customer_risk") }}
    where expected_loss is not null

),

scores as (

    select * from {{ ref("dovecote", "mart_churn_scores") }}
    where activity = 'order'

),

segments as (

    select * from {{ ref("dovecote", "mart_customer_rfm") }}

),

final as (

    select
        risk.customer_id,
        risk.expected_loss,
        risk.churn_probability,
        risk.predicted_365d,
        segments.rfm_segment,
        segments.recency_days,
        scores.reason_1,
        scores.reason_2
    from risk
    inner join scores
        on risk.customer_id = scores.customer_id and risk.horizon_days = scores.horizon_days
    inner join segments
        on risk.customer_id = segments.customer_id

)

select * from final
order by expected_loss desc, customer_id asc
limit 100
