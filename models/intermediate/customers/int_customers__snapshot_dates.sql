-- The days at which customers are looked at: the end of every month, and as_of; with the median gap between
-- purchases of the whole population as it was known then.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

first_seen as (

    select min(first_seen_date) as first_seen_date
    from {{ ref("dovecote", "int_core__customers") }}

),

months as (

    select
        periods.period_start as month_start,
        least({{ dovecote.date_plus_days("periods.next_period_start", -1) }}, run.as_of_date) as snapshot_date,
        lag({{ dovecote.date_plus_days("periods.next_period_start", -1) }}) over (
            order by periods.period_start
        ) as previous_snapshot_date,
        run.as_of_date
    from {{ ref("dovecote", "int_core__periods") }} as periods
    cross join run
    cross join first_seen
    where
        periods.grain = 'month'
        and periods.next_period_start > coalesce(first_seen.first_seen_date, run.as_of_date)

),

gap_counts as (

    select
        months.snapshot_date,
        purchase_days.gap_days,
        count(*) as gaps
    from {{ ref("dovecote", "int_customers__purchase_days") }} as purchase_days
    inner join months
        on
            purchase_days.purchase_date <= months.snapshot_date
            and (purchase_days.purchase_date > months.previous_snapshot_date or months.previous_snapshot_date is null)
    where purchase_days.gap_days is not null
    group by months.snapshot_date, purchase_days.gap_days

),

gaps_to_date as (

    select
        months.snapshot_date,
        gap_counts.gap_days,
        sum(gap_counts.gaps) as gaps
    from months
    inner join gap_counts
        on months.snapshot_date >= gap_counts.snapshot_date
    group by months.snapshot_date, gap_counts.gap_days

),

cumulated as (

    select
        *,
        sum(gaps) over (partition by snapshot_date order by gap_days) as gaps_up_to,
        sum(gaps) over (partition by snapshot_date) as all_gaps
    from gaps_to_date

),

medians as (

    select
        snapshot_date,
        (
            min(case when 2 * gaps_up_to >= all_gaps then gap_days end)
            + min(case when 2 * gaps_up_to > all_gaps then gap_days end)
        ) / 2.0 as median_gap_days
    from cumulated
    group by snapshot_date

),

final as (

    select
        months.month_start,
        months.snapshot_date,
        months.snapshot_date = months.as_of_date as is_as_of,
        cast(
            coalesce(medians.median_gap_days, {{ var("dovecote_lifecycle_default_cadence_days") }}) as double
        ) as median_gap_days
    from months
    left join medians
        on months.snapshot_date = medians.snapshot_date

)

select * from final
