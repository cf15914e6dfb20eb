with

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where not is_excluded

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

predicted as (

    select
        *,
        {{ dovecote.value_group(10, "predicted_value", "customer_id") }} as value_decile
    from {{ ref("dovecote", "int_churn__customer_value") }}
    where is_as_of

),

intervals as (

    select * from {{ ref("dovecote", "int_churn__value_intervals") }}

),

purchase_model as (

    select purchase_model.*
    from {{ ref("dovecote", "int_churn__purchase_model") }} as purchase_model
    inner join run
        on purchase_model.cutoff_date = run.as_of_date
    where purchase_model.activity = 'order'

),

historic as (

    select
        customer_id,
        count(*) as orders,
        sum(net_amount) as historic_net
    from purchases
    group by customer_id

),

final as (

    select
        cast(customers.customer_id as string) as customer_id,
        cast(coalesce(historic.orders, 0) as bigint) as historic_orders,
        cast(coalesce(historic.historic_net, 0) as decimal(38, 4)) as historic_net,
        cast(predicted.expected_orders as double) as expected_orders_365d,
        cast(predicted.expected_spend as double) as expected_spend_per_order,
        cast(predicted.predicted_value as double) as predicted_365d,
        cast(intervals.value_low as double) as predicted_365d_low,
        cast(intervals.value_high as double) as predicted_365d_high,
        cast(predicted.value_decile as integer) as value_decile,
        cast(predicted.p_alive as double) as p_alive,
        cast(
            {{ dovecote.date_plus_days("run.as_of_date", dovecote.days_to_next_order()) }} as date
        ) as expected_next_order_date,
        cast(predicted.model_name as string) as model_name,
        cast(
            case
                when historic.customer_id is null then 'never_active'
                when predicted.customer_id is not null then 'eligible'
                when purchase_model.eligibility <> 'eligible' then purchase_model.eligibility
                when purchase_model.eligibility is null then 'too_short_history'
                else 'spend_not_identified'
            end as string
        ) as eligibility
    from customers
    cross join run
    left join historic
        on customers.customer_id = historic.customer_id
    left join predicted
        on customers.customer_id = predicted.customer_id
    left join purchase_model
        on 1 = 1
    left join intervals
        on predicted.cutoff_date = intervals.cutoff_date and predicted.customer_id = intervals.customer_id

)

select * from final
