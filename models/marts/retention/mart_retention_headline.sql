with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

counted as (

    select
        *,
        cast(
            {{ dovecote.date_plus_months(dovecote.period_start("month", "cohort_date"), 2) }} as timestamp
        ) as next_month_end
    from {{ ref("dovecote", "int_retention__first_day_counts") }}

),

final as (

    select
        counted.activity,
        counted.cohort_date,
        cast(counted.cohort_size as bigint) as cohort_size,
        {%- for days in [1, 7] %}
        case
            when cast({{ dovecote.date_plus_days("counted.cohort_date", days + 1) }} as timestamp) <= run.as_of_local
                then {{ dovecote.ratio("counted.back_on_day_" ~ days, "counted.cohort_size") }}
        end as d{{ days }}_rate,
        {%- endfor %}
        case
            when counted.next_month_end <= run.as_of_local
                then {{ dovecote.ratio("counted.back_in_month_1", "counted.cohort_size") }}
        end as m1_rate
    from counted
    cross join run

)

select * from final
