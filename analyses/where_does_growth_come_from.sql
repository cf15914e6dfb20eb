-- Does the number of buyers grow because new ones come, or because old ones stay?
-- gained and lost make the change against the month before; a quick_ratio below 1 means that the shop shrinks.
with

growth as (

    select * from {{ ref("dovecote", "mart_growth_accounting") }}
    where activity = 'order' and grain = 'month' and is_complete

),

final as (

    select
        period_start as month_start,
        active_customers as buyers,
        new_customers,
        resurrecting_customers,
        dormant_customers as lost_customers,
        new_customers + resurrecting_customers - dormant_customers as change_of_buyers,
        quick_ratio,
        revenue_change
    from growth

)

select * from final
order by month_start asc
