with

days as (

    select * from {{ ref("dovecote", "int_core__periods") }}
    where grain = 'day'

),

final as (

    select
        period_start as date_day,
        {{ dovecote.period_start("week", "period_start") }} as week_start,
        {{ dovecote.period_start("month", "period_start") }} as month_start,
        cast(date_trunc('quarter', period_start) as date) as quarter_start,
        cast(year(period_start) as integer) as year_number,
        cast(month(period_start) as integer) as month_of_year,
        cast(day(period_start) as integer) as day_of_month,
        cast(
            {{ dovecote.days_between("cast(date_trunc('week', period_start) as date)", "period_start") }} + 1 as integer
        ) as iso_day_of_week,
        is_complete
    from days

)

select * from final
