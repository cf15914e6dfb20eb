-- What was predicted at the past day and what came, customer by customer. An undated refund stays out of both: at the
-- past day nobody could know of it.
with

predicted as (

    select * from {{ ref("dovecote", "int_churn__customer_value") }}
    where not is_as_of and cutoff_date = fit_date

),

purchases as (

    select
        customer_id,
        order_date,
        {{ dovecote.net_amount(
            "gross_amount", "discount_amount", "case when refunded_date is not null then refund_amount else 0 end"
        ) }} as net_amount
    from {{ ref("dovecote", "int_core__dated_orders") }}
    where cancelled_date is null

),

actual as (

    select
        predicted.customer_id,
        count(distinct purchases.order_date) as actual_orders,
        sum(purchases.net_amount) as actual_value
    from predicted
    inner join purchases
        on
            predicted.customer_id = purchases.customer_id
            and predicted.cutoff_date < purchases.order_date
            and purchases.order_date <= {{ dovecote.date_plus_days("predicted.cutoff_date", "predicted.horizon_days") }}
    group by predicted.customer_id

),

final as (

    select
        predicted.customer_id,
        predicted.cutoff_date,
        predicted.horizon_days,
        predicted.model_name,
        predicted.expected_orders,
        predicted.predicted_value,
        predicted.no_order_probability,
        coalesce(actual.actual_orders, 0) as actual_orders,
        cast(coalesce(actual.actual_value, 0) as double) as actual_value,
        {{ dovecote.value_group(10, "predicted.predicted_value", "predicted.customer_id") }} as value_decile,
        {{ dovecote.value_group(3, "predicted.predicted_value", "predicted.customer_id") }} as value_third
    from predicted
    left join actual
        on predicted.customer_id = actual.customer_id

)

select * from final
