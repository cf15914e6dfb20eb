create table mart_second_orders as
select
    buyers.customer_id,
    buyers.first_ordered_at,
    cast(buyers.first_ordered_at as date) as first_order_date,
    buyers.second_ordered_at,
    cast(buyers.second_ordered_at as date) as second_order_date,
    case
        when buyers.first_ordered_at + interval 720 hours <= run.as_of
            then coalesce(buyers.second_ordered_at < buyers.first_ordered_at + interval 720 hours, false)
    end as is_repeated_30d,
    case
        when buyers.first_ordered_at + interval 1440 hours <= run.as_of
            then coalesce(buyers.second_ordered_at < buyers.first_ordered_at + interval 1440 hours, false)
    end as is_repeated_60d,
    case
        when buyers.first_ordered_at + interval 2160 hours <= run.as_of
            then coalesce(buyers.second_ordered_at < buyers.first_ordered_at + interval 2160 hours, false)
    end as is_repeated_90d,
    buyers.second_ordered_at is not null as is_repeated
from buyers
cross join run;


-- A customer's next order is the one that knows how long it was in coming.
create table mart_order_gaps as
with nexts as (

    select
        order_number,
        count(*) as customers,
        median(days_since_previous_order) as median_days
    from fct_orders
    where order_number is not null
    group by order_number

)

select
    orders.order_number,
    orders.customers,
    coalesce(nexts.customers, 0) as reordered_customers,
    coalesce(nexts.customers, 0) / cast(orders.customers as double) as reorder_rate,
    nexts.median_days as median_days_to_next
from nexts as orders
left join nexts
    on orders.order_number + 1 = nexts.order_number;


create table rfm_values as
select
    buyers.customer_id,
    cast(date_diff('microsecond', buyers.last_ordered_at, run.as_of) // 86400000000 as integer) as recency_days,
    buyers.orders as frequency,
    buyers.net_revenue as monetary
from buyers
cross join run;


create table mart_rfm_cut_points as
with cuts as (

    select
        cast(quantile_disc(recency_days, [0.2, 0.4, 0.6, 0.8]) as decimal(38, 4)[]) as recency_days,
        cast(quantile_disc(frequency, [0.2, 0.4, 0.6, 0.8]) as decimal(38, 4)[]) as frequency,
        cast(quantile_disc(monetary, [0.2, 0.4, 0.6, 0.8]) as decimal(38, 4)[]) as monetary
    from rfm_values

)

select
    measure,
    cast(unnest([1, 2, 3, 4]) as integer) as cut_point_number,
    cast(unnest([0.2, 0.4, 0.6, 0.8]) as double) as share_of_customers,
    unnest(cut_points) as cut_point
from cuts
unpivot (cut_points for measure in (recency_days, frequency, monetary));


create table mart_customer_rfm as
with cuts as (

    select
        list(cut_point) filter (where measure = 'recency_days') as recency_days,
        list(cut_point) filter (where measure = 'frequency') as frequency,
        list(cut_point) filter (where measure = 'monetary') as monetary
    from mart_rfm_cut_points

),

scored as (

    select
        rfm_values.*,
        5 - (cast(cuts.recency_days[1] < rfm_values.recency_days as integer)
        + cast(cuts.recency_days[2] < rfm_values.recency_days as integer)
        + cast(cuts.recency_days[3] < rfm_values.recency_days as integer)
        + cast(cuts.recency_days[4] < rfm_values.recency_days as integer)) as r_score,
        1 + cast(cuts.frequency[1] < rfm_values.frequency as integer)
        + cast(cuts.frequency[2] < rfm_values.frequency as integer)
        + cast(cuts.frequency[3] < rfm_values.frequency as integer)
        + cast(cuts.frequency[4] < rfm_values.frequency as integer) as f_score,
        1 + cast(cuts.monetary[1] < rfm_values.monetary as integer)
        + cast(cuts.monetary[2] < rfm_values.monetary as integer)
        + cast(cuts.monetary[3] < rfm_values.monetary as integer)
        + cast(cuts.monetary[4] < rfm_values.monetary as integer) as m_score
    from rfm_values
    cross join cuts

)

select
    scored.*,
    rfm_segments.rfm_segment
from scored
left join rfm_segments
    on scored.r_score = rfm_segments.r_score and scored.f_score = rfm_segments.f_score;


-- A customer's days of purchase, each with all that was known of its rhythm on that day.
create table purchase_days as
with gaps as (

    select
        person_id as customer_id,
        activity_date as purchase_date,
        orders,
        cast(sum(orders) over so_far as bigint) as purchases,
        activity_date - lag(activity_date) over history as gap_days,
        lead(activity_date) over history as next_purchase_date,
        row_number() over history - 1 as gaps
    from fct_customer_days
    where activity = 'order'
    window
        history as (partition by person_id order by activity_date),
        so_far as (
            partition by person_id
            order by activity_date
            rows between unbounded preceding and current row
        )

)

select
    *,
    median(gap_days) over (
        partition by customer_id
        order by purchase_date
        rows between unbounded preceding and current row
    ) as median_gap_days
from gaps;


-- The ends of all months and as_of, with the population's median gap as it was known then.
create table snapshot_dates as
with months as (

    select
        periods.period_start as month_start,
        least(periods.next_period_start - 1, run.as_of_date) as snapshot_date,
        lag(periods.next_period_start - 1) over (order by periods.period_start) as previous_snapshot_date,
        run.as_of_date
    from periods
    cross join run
    where
        periods.grain = 'month'
        and periods.next_period_start > (select cast(min(first_seen_at) as date) from dim_customers)

),

gap_counts as (

    select
        purchase_date,
        gap_days,
        count(*) as gaps
    from purchase_days
    where gap_days is not null
    group by purchase_date, gap_days

),

cumulated as (

    select
        months.snapshot_date,
        gap_counts.gap_days,
        sum(sum(gap_counts.gaps)) over (
            partition by months.snapshot_date
            order by gap_counts.gap_days
        ) as gaps_up_to,
        sum(sum(gap_counts.gaps)) over (partition by months.snapshot_date) as all_gaps
    from months
    inner join gap_counts
        on months.snapshot_date >= gap_counts.purchase_date
    group by months.snapshot_date, gap_counts.gap_days

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

)

select
    months.month_start,
    months.snapshot_date,
    months.previous_snapshot_date,
    months.snapshot_date = months.as_of_date as is_as_of,
    cast(coalesce(medians.median_gap_days, 90) as double) as median_gap_days
from months
left join medians
    on months.snapshot_date = medians.snapshot_date;


-- Who was in which stage at the end of each month.
create table snapshots as
with observed as (

    select
        snapshot_dates.month_start,
        snapshot_dates.snapshot_date,
        snapshot_dates.is_as_of,
        customers.customer_id,
        cast(customers.first_seen_at as date) as first_seen_date,
        purchase_days.purchase_date,
        purchase_days.gap_days,
        coalesce(purchase_days.purchases, 0) as purchases,
        snapshot_dates.snapshot_date - purchase_days.purchase_date as recency_days,
        coalesce(
            (purchase_days.gaps * purchase_days.median_gap_days + 3 * snapshot_dates.median_gap_days)
            / (purchase_days.gaps + 3),
            snapshot_dates.median_gap_days
        ) as cadence_days
    from dim_customers as customers
    inner join snapshot_dates
        on
            cast(customers.first_seen_at as date) <= snapshot_dates.snapshot_date
            or (customers.first_seen_at is null and snapshot_dates.is_as_of)
    left join purchase_days
        on
            customers.customer_id = purchase_days.customer_id
            and snapshot_dates.snapshot_date >= purchase_days.purchase_date
            and snapshot_dates.snapshot_date < coalesce(purchase_days.next_purchase_date, date '9999-12-31')
    where not customers.is_excluded

)

select
    *,
    case
        when purchases = 0 then 'prospect'
        when recency_days > 6 * cadence_days then 'lost'
        when recency_days > 3 * cadence_days then 'lapsed'
        when recency_days > 1.5 * cadence_days then 'at_risk'
        when purchases = 1 then 'new'
        when gap_days > 3 * cadence_days then 'reactivated'
        else 'active'
    end as stage
from observed;


create table mart_customer_lifecycle as
select
    customer_id,
    stage,
    case stage
        when 'prospect' then first_seen_date
        when 'at_risk' then purchase_date + cast(floor(1.5 * cadence_days) + 1 as integer)
        when 'lapsed' then purchase_date + cast(floor(3 * cadence_days) + 1 as integer)
        when 'lost' then purchase_date + cast(floor(6 * cadence_days) + 1 as integer)
        else purchase_date
    end as since,
    cadence_days,
    cast(recency_days as integer) as recency_days,
    purchases
from snapshots
where is_as_of;


create table mart_lifecycle_transitions as
with transitions as (

    select
        month_start,
        coalesce(lag(stage) over (partition by customer_id order by snapshot_date), 'none') as from_stage,
        stage as to_stage
    from snapshots
    where first_seen_date is not null

)

select
    transitions.month_start,
    transitions.from_stage,
    transitions.to_stage,
    count(*) as customers,
    count(*) / cast(sum(count(*)) over (partition by transitions.month_start, transitions.from_stage) as double)
        as share_of_from_stage,
    any_value(periods.is_complete) as is_complete
from transitions
inner join periods
    on transitions.month_start = periods.period_start and periods.grain = 'month'
group by transitions.month_start, transitions.from_stage, transitions.to_stage;


create table mart_loyalty_monthly as
with answers as (

    select
        responses.score,
        cast(date_trunc('month', coalesce(responses.responded_at, responses.invited_at)) as date) as answered_month,
        cast(date_trunc('month', coalesce(responses.invited_at, responses.responded_at)) as date) as invited_month
    from nps_responses as responses
    left join merged_customers
        on responses.customer_id = merged_customers.from_customer_id
    anti join excluded_customers
        on coalesce(merged_customers.customer_id, responses.customer_id) = excluded_customers.customer_id

),

months as (

    select
        periods.period_start as month_start,
        periods.is_complete,
        least(periods.next_period_start - 1, run.as_of_date) as last_date
    from periods
    cross join run
    where
        periods.grain = 'month'
        and periods.period_start >= (
            select least(
                (select date_trunc('month', min(order_date)) from fct_orders where is_purchase and not is_excluded),
                (select min(invited_month) from answers)
            )
        )

),

sales as (

    select
        cast(date_trunc('month', order_date) as date) as month_start,
        count(*) as orders,
        count(distinct case when order_number is not null then customer_id end) as customers,
        sum(net_amount) as net_revenue
    from fct_orders
    where is_purchase and not is_excluded
    group by 1

),

-- From a day of purchase on a customer has bought within a year, until a year has gone or the next such day says so.
-- More than once, until a year from the purchase before has gone.
spans as (

    select
        purchase_date,
        least(coalesce(next_purchase_date, date '9999-12-31'), purchase_date + 365) as bought_until,
        least(
            coalesce(next_purchase_date, date '9999-12-31'),
            purchase_date + 365 - cast(case when orders >= 2 then 0 else gap_days end as integer)
        ) as repeated_until,
        gap_days is null as is_first,
        purchases >= 2 and purchases - orders < 2 as is_second,
        orders >= 2 or gap_days < 365 as is_repeat
    from purchase_days

),

changes as (

    select
        purchase_date as change_date,
        count(*) as buyers,
        count(*) filter (where is_repeat) as repeat_buyers,
        count(*) filter (where is_first) as lifetime_buyers,
        count(*) filter (where is_second) as lifetime_repeat_buyers
    from spans
    group by purchase_date

    union all

    select
        bought_until as change_date,
        -count(*) as buyers,
        0 as repeat_buyers,
        0 as lifetime_buyers,
        0 as lifetime_repeat_buyers
    from spans
    group by bought_until

    union all

    select
        repeated_until as change_date,
        0 as buyers,
        -count(*) as repeat_buyers,
        0 as lifetime_buyers,
        0 as lifetime_repeat_buyers
    from spans
    where is_repeat
    group by repeated_until

),

buyers_by_month as (

    select
        months.month_start,
        sum(changes.buyers) as buyers,
        sum(changes.repeat_buyers) as repeat_buyers,
        sum(changes.lifetime_buyers) as lifetime_buyers,
        sum(changes.lifetime_repeat_buyers) as lifetime_repeat_buyers
    from months
    inner join changes
        on months.last_date >= changes.change_date
    group by months.month_start

),

repeats as (

    select
        cast(date_trunc('month', first_order_date) as date) as month_start,
        count(is_repeated_30d) as mature_30d,
        count(*) filter (where is_repeated_30d) as repeated_30d,
        count(is_repeated_60d) as mature_60d,
        count(*) filter (where is_repeated_60d) as repeated_60d,
        count(is_repeated_90d) as mature_90d,
        count(*) filter (where is_repeated_90d) as repeated_90d
    from mart_second_orders
    group by 1

),

scores as (

    select
        answered_month as month_start,
        count(*) as responses,
        count(*) filter (where score >= 9) / cast(count(*) as double) as promoters,
        count(*) filter (where score <= 6) / cast(count(*) as double) as detractors
    from answers
    where score is not null
    group by answered_month

),

invitations as (

    select
        invited_month as month_start,
        count(score) / cast(count(*) as double) as response_rate
    from answers
    group by invited_month

)

select
    months.month_start,
    coalesce(sales.orders, 0) as orders,
    coalesce(sales.customers, 0) as customers,
    coalesce(sales.net_revenue, 0) as net_revenue,
    sales.net_revenue / cast(sales.orders as double) as aov,
    buyers_by_month.repeat_buyers / cast(nullif(buyers_by_month.buyers, 0) as double) as repurchase_rate,
    buyers_by_month.lifetime_repeat_buyers / cast(buyers_by_month.lifetime_buyers as double)
        as repurchase_rate_lifetime,
    repeats.repeated_30d / cast(nullif(repeats.mature_30d, 0) as double) as repeat_rate_30d,
    coalesce(repeats.mature_30d, 0) as first_buyers_30d,
    repeats.repeated_60d / cast(nullif(repeats.mature_60d, 0) as double) as repeat_rate_60d,
    coalesce(repeats.mature_60d, 0) as first_buyers_60d,
    repeats.repeated_90d / cast(nullif(repeats.mature_90d, 0) as double) as repeat_rate_90d,
    coalesce(repeats.mature_90d, 0) as first_buyers_90d,
    100 * (scores.promoters - scores.detractors) as nps,
    100 * sqrt(
        (
            scores.promoters + scores.detractors
            - (scores.promoters - scores.detractors) * (scores.promoters - scores.detractors)
        ) / scores.responses
    ) as nps_se,
    coalesce(scores.responses, 0) as nps_responses,
    invitations.response_rate,
    months.is_complete
from months
left join sales
    on months.month_start = sales.month_start
left join buyers_by_month
    on months.month_start = buyers_by_month.month_start
left join repeats
    on months.month_start = repeats.month_start
left join scores
    on months.month_start = scores.month_start
left join invitations
    on months.month_start = invitations.month_start;
