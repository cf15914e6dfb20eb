-- With first-time entry every person is in one cohort, so that cohorts sum to the persons of the activity.
{{ config(store_failures_as="view") }}

with

cohorts as (

    select
        activity,
        clock,
        return_rule,
        grain,
        breakdown,
        sum(cohort_size) as members
    from {{ ref("dovecote", "mart_retention") }}
    where entry = 'first_time' and period_index = 0
    group by activity, clock, return_rule, grain, breakdown

),

persons as (

    select
        activity,
        count(distinct person_id) as persons
    from {{ ref("dovecote", "int_activity__person_days") }}
    where first_entry_at is not null
    group by activity

)

select
    cohorts.*,
    persons.persons
from cohorts
inner join persons
    on cohorts.activity = persons.activity
where cohorts.members <> persons.persons
