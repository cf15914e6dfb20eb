with

scores as (

    select * from {{ ref("dovecote", "mart_churn_scores") }}
    where churn_probability is not null

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        {{ dovecote.run_columns() | indent(8) }},
        scores.customer_id,
        scores.activity,
        scores.horizon_days,
        scores.churn_probability,
        scores.p_alive,
        scores.expected_orders,
        scores.risk_band,
        scores.reason_1,
        scores.reason_2,
        scores.reason_3,
        scores.model_name,
        scores.training_horizon_days,
        scores.model_version,
        scores.eligibility
    from scores
    cross join run

)

select * from final
