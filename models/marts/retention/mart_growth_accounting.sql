with

growth as (

    select * from {{ ref("dovecote", "int_retention__growth") }}

),

final as (

    select
        grain,
        period_start,
        activity,
        new_customers,
        returning_customers,
        resurrecting_customers,
        dormant_customers,
        active_customers,
        quick_ratio,
        is_complete,
        revenue,
        new_revenue,
        resurrected_revenue,
        expansion_revenue,
        contraction_revenue,
        churned_revenue,
        revenue_change
    from growth
    where breakdown = 'none'

)

select * from final
