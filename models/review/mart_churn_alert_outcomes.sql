with

alerts as (

    select * from {{ ref("dovecote", "hist_churn_alerts") }}

),

green_runs as (
    {{ dovecote.green_runs(ref("dovecote", "mart_builds")) | indent(4) }}
),

run as (

    select
        *,
        {{ dovecote.last_whole_date() | indent(8) }} as last_whole_date
    from {{ ref("dovecote", "int_core__run") }}

),

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where not is_excluded

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

followed as (

    select
        alerts.*,
        coalesce(customer_merges.customer_id, alerts.customer_id) as present_customer_id,
        {{ dovecote.date_plus_days("alerts.as_of_date", "alerts.horizon_days") }} as horizon_end_date
    from alerts
    inner join green_runs
        on alerts.run_id = green_runs.run_id
    left join customer_merges
        on alerts.customer_id = customer_merges.from_customer_id
    inner join customers
        on coalesce(customer_merges.customer_id, alerts.customer_id) = customers.customer_id
    inner join run
        on alerts.alerted_at <= run.as_of

),

after_alert as (

    select
        followed.as_of_date,
        followed.customer_id,
        min(purchases.order_date) as next_order_date,
        sum(purchases.net_amount) as net_amount
    from followed
    inner join purchases
        on
            followed.present_customer_id = purchases.customer_id
            and followed.alerted_at <= purchases.ordered_at
            and followed.horizon_end_date >= purchases.order_date
    group by followed.as_of_date, followed.customer_id

),

final as (

    select
        cast(followed.as_of_date as date) as as_of_date,
        cast(followed.customer_id as string) as customer_id,
        cast(followed.alert_reason as string) as alert_reason,
        cast(followed.owner_group as string) as owner_group,
        cast(followed.horizon_days as integer) as horizon_days,
        cast(followed.horizon_end_date as date) as horizon_end_date,
        cast(followed.churn_probability as double) as churn_probability,
        cast(followed.expected_loss as double) as expected_loss,
        cast(
            case
                when after_alert.next_order_date is not null then 'ordered'
                when run.last_whole_date >= followed.horizon_end_date then 'churned'
                else 'pending'
            end as string
        ) as outcome,
        cast(after_alert.next_order_date as date) as next_order_date,
        cast(
            {{ dovecote.days_between("followed.as_of_date", "after_alert.next_order_date") }} as integer
        ) as days_to_next_order,
        cast(coalesce(after_alert.net_amount, 0) as decimal(38, 4)) as net_amount_in_horizon,
        cast(
            case
                when after_alert.next_order_date is null and run.last_whole_date >= followed.horizon_end_date
                    then {{ dovecote.days_between(
                        "followed.as_of_date",
                        dovecote.date_plus_days("followed.last_order_date", "followed.horizon_days")
                    ) }}
            end as integer
        ) as lead_time_days,
        cast(followed.model_version as string) as model_version,
        cast(followed.run_id as string) as run_id
    from followed
    cross join run
    left join after_alert
        on followed.as_of_date = after_alert.as_of_date and followed.customer_id = after_alert.customer_id

)

select * from final
