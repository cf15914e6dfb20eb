-- Which segments carry the revenue, and how much of it is at risk?
-- Compare share_of_customers with share_of_revenue; expected_loss says where keeping customers pays.
with

segments as (

    select * from {{ ref("dovecote", "mart_customer_rfm") }}

),

risk as (

    select * from {{ ref("dovecote", "mart_customer_risk") }}

),

by_segment as (

    select
        segments.rfm_segment,
        count(*) as customers,
        sum(segments.monetary) as net_revenue,
        avg(risk.churn_probability) as mean_churn_probability,
        sum(risk.expected_loss) as expected_loss
    from segments
    left join risk
        on segments.customer_id = risk.customer_id
    group by segments.rfm_segment

),

final as (

    select
        rfm_segment,
        customers,
        {{ dovecote.ratio("customers", "sum(customers) over ()") }} as share_of_customers,
        net_revenue,
        {{ dovecote.ratio("net_revenue", "sum(net_revenue) over ()") }} as share_of_revenue,
        mean_churn_probability,
        expected_loss
    from by_segment

)

select * from final
order by net_revenue desc, rfm_segment asc
