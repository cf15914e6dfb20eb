with

scores as (

    select * from {{ ref("dovecote", "mart_churn_scores") }}
    where
        activity = 'order'
        and horizon_days = {{ dovecote.alert_horizon_days() }}
        and churn_probability is not null

),

customer_value as (

    select * from {{ ref("dovecote", "mart_customer_value") }}

),

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where closed_at is null

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        scores.customer_id,
        cast(run.as_of_date as date) as as_of_date,
        scores.horizon_days,
        scores.churn_probability,
        scores.risk_band,
        customer_value.predicted_365d,
        cast(
            {{ dovecote.expected_loss("scores.churn_probability", "customer_value.predicted_365d") }} as double
        ) as expected_loss
    from scores
    inner join customers
        on scores.customer_id = customers.customer_id
    inner join customer_value
        on scores.customer_id = customer_value.customer_id
    cross join run

)

select * from final
