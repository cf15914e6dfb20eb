-- Who still visits, though the next order is overdue?
-- They have not left the shop: ask what keeps them from buying. overdue_by is in their own usual gaps.
with

lifecycle as (

    select * from {{ ref("dovecote", "mart_customer_lifecycle") }}
    where purchases > 0 and recency_days > 2 * cadence_days

),

last_visits as (

    select
        person_id,
        max(activity_date) as last_visit_date
    from {{ ref("dovecote", "fct_customer_days") }}
    where activity = 'visit'
    group by person_id

),

last_day as (

    select max(date_day) as as_of_date from {{ ref("dovecote", "dim_dates") }}

),

final as (

    select
        lifecycle.customer_id,
        lifecycle.stage,
        lifecycle.purchases,
        lifecycle.recency_days,
        lifecycle.cadence_days,
        {{ dovecote.ratio("lifecycle.recency_days", "lifecycle.cadence_days") }} - 1 as overdue_by,
        last_visits.last_visit_date
    from lifecycle
    inner join last_visits
        on lifecycle.customer_id = last_visits.person_id
    cross join last_day
    where {{ dovecote.days_between("last_visits.last_visit_date", "last_day.as_of_date") }} < 30

)

select * from final
order by overdue_by desc, customer_id asc
