-- Customers with equal histories are one row to a purchase model: fits cost by distinct histories.
with

histories as (

    select * from {{ ref("dovecote", "int_churn__histories") }}

),

final as (

    select
        activity,
        cutoff_date,
        repeat_days,
        first_to_last_days,
        age_days,
        count(*) as customers,
        count(*) filter (where is_in_sample) as sampled_customers
    from histories
    group by activity, cutoff_date, repeat_days, first_to_last_days, age_days

)

select * from final
