{{ config(materialized="summed_table", sum_keys=["activity", "cohort_date"]) }}
{%- set is_in_month_1 = dovecote.periods_between("month", "first_entry_date", "activity_date") ~ " = 1" %}

-- Who came first on a day, and who of them came back. Nothing here knows as_of, so that counts of some people can be
-- added to those of others.
with

person_days as (

    select * from {{ dovecote.counted("int_activity__person_days") }}
    where activity_date >= first_entry_date

),

final as (

    select
        activity,
        first_entry_date as cohort_date,
        count(*) filter (where activity_date = first_entry_date) as cohort_size,
        {%- for days in [1, 7] %}
        count(*) filter (
            where {{ dovecote.days_between("first_entry_date", "activity_date") }} = {{ days }}
        ) as back_on_day_{{ days }},
        {%- endfor %}
        count(*) filter (
            where
            {{ is_in_month_1 }}
            and {{ dovecote.period_start("month", "previous_activity_date") }}
            < {{ dovecote.period_start("month", "activity_date") }}
        ) as back_in_month_1
    from person_days
    group by activity, first_entry_date

)

select * from final
