-- Customers whose loss is worth a call: expected loss is the probability that no order comes in the horizon times
-- what the year to come is expected to bring, so neither the safe nor the long lost rank high.
{% set horizon_days = dovecote.alert_horizon_days() -%}
{% set least_loss = "greatest(" ~ var("dovecote_alert_min_expected_loss") ~ ", 0.01)" -%}
{% set least_rise = "greatest(" ~ var("dovecote_alert_min_rise") ~ ", 0.01)" -%}

with

scores as (

    select * from {{ ref("dovecote", "mart_churn_scores") }}
    where activity = 'order' and horizon_days = {{ horizon_days }} and churn_probability is not null

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

earlier_scores as (

    select published_scores.*
    from {{ ref("dovecote", "int_churn__published_scores") }} as published_scores
    inner join run
        on published_scores.cutoff_date < run.as_of_date
    where published_scores.activity = 'order' and published_scores.horizon_days = {{ horizon_days }}

),

customer_value as (

    select * from {{ ref("dovecote", "int_churn__customer_value") }}
    where fit_date > cutoff_date

),

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}

),

values_now as (

    select * from {{ ref("dovecote", "mart_customer_value") }}
    where predicted_365d is not null

),

purchases as (

    select
        customer_id,
        max(order_date) as last_order_date
    from {{ ref("dovecote", "int_core__purchases") }}
    group by customer_id

),

compared as (

    select
        scores.customer_id,
        scores.horizon_days,
        scores.churn_probability,
        scores.risk_band,
        scores.reason_1,
        scores.reason_2,
        scores.reason_3,
        scores.model_name,
        scores.model_version,
        values_now.predicted_365d,
        values_now.historic_orders,
        values_now.value_decile,
        customers.email_consent,
        purchases.last_order_date,
        {{ dovecote.expected_loss("scores.churn_probability", "values_now.predicted_365d") }} as expected_loss,
        {{ dovecote.expected_loss("earlier_scores.churn_probability", "customer_value.predicted_value") }}
            as expected_loss_28d_ago
    from scores
    inner join values_now
        on scores.customer_id = values_now.customer_id
    inner join customers
        on scores.customer_id = customers.customer_id
    inner join purchases
        on scores.customer_id = purchases.customer_id
    left join earlier_scores
        on scores.customer_id = earlier_scores.customer_id
    left join customer_value
        on scores.customer_id = customer_value.customer_id
    where customers.closed_at is null

),

weighed as (

    select
        *,
        expected_loss - expected_loss_28d_ago as expected_loss_rise,
        expected_loss / {{ least_loss }} as loss_weight,
        coalesce((expected_loss - expected_loss_28d_ago) / {{ least_rise }}, 0) as rise_weight
    from compared

),

-- A rise counts as much as a loss: each is measured by what makes it worth an alert.
final as (

    select
        customer_id,
        horizon_days,
        churn_probability,
        risk_band,
        predicted_365d,
        expected_loss,
        expected_loss_28d_ago,
        expected_loss_rise,
        case
            when loss_weight < 1 then 'rising_loss'
            when rise_weight < 1 then 'high_loss'
            else 'high_and_rising_loss'
        end as alert_reason,
        greatest(loss_weight, rise_weight) as alert_weight,
        reason_1,
        reason_2,
        reason_3,
        {{ dovecote.alert_owner_group("value_decile", "historic_orders", "email_consent") | indent(8) }} as owner_group,
        last_order_date,
        model_name,
        model_version
    from weighed
    where
        churn_probability >= {{ var("dovecote_alert_min_churn_probability") }}
        and (loss_weight >= 1 or rise_weight >= 1)

)

select * from final
