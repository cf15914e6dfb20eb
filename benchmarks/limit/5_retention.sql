-- The ends of Wilson's 95% interval.
create macro wilson_low(successes, trials) as
(successes + 1.9207294103470162) / (trials + 3.8414588206940325)
- 1.959963984540054 * sqrt(successes * (trials - successes) / trials + 0.9603647051735081) / (trials + 3.8414588206940325);


create macro wilson_high(successes, trials) as
(successes + 1.9207294103470162) / (trials + 3.8414588206940325)
+ 1.959963984540054 * sqrt(successes * (trials - successes) / trials + 0.9603647051735081) / (trials + 3.8414588206940325);


create table person_breakdowns as
select
    dim_customers.customer_id as person_id,
    coalesce(dim_customers.acquisition_channel, 'unknown') as acquisition_channel,
    coalesce(dim_customers.country, 'unknown') as country,
    coalesce(dim_customers.first_order_channel, 'unknown') as first_order_channel,
    coalesce(first_categories.category, 'unknown') as first_product_category
from dim_customers
left join (
    select
        buyers.customer_id,
        min_by(products.category, products.product_id) as category
    from buyers
    inner join fct_order_items as items
        on buyers.first_order_id = items.order_id
    inner join products
        on items.product_id = products.product_id
    where products.category is not null
    group by buyers.customer_id
) as first_categories
    on dim_customers.customer_id = first_categories.customer_id
where not dim_customers.is_excluded;


-- What customers bought by day, week and month: growth and retention of orders rest on these.
create table order_periods as
with placed as (

    select
        'day' as grain,
        person_id,
        activity_date as period_start,
        orders,
        net_revenue
    from fct_customer_days
    where activity = 'order'

    union all

    select
        'week' as grain,
        customer_id as person_id,
        cast(date_trunc('week', order_date) as date) as period_start,
        count(*) as orders,
        sum(net_amount) as net_revenue
    from fct_orders
    where order_number is not null
    group by all

    union all

    select
        'month' as grain,
        customer_id as person_id,
        cast(date_trunc('month', order_date) as date) as period_start,
        count(*) as orders,
        sum(net_amount) as net_revenue
    from fct_orders
    where order_number is not null
    group by all

),

neighbours as (

    select
        *,
        first_value(period_start) over history as first_period,
        lag(period_start) over history as previous_period,
        lag(net_revenue) over history as previous_revenue,
        lead(period_start) over history as next_period
    from placed
    window history as (partition by grain, person_id order by period_start)

),

lengths (grain, one_period) as (

    values ('day', interval 1 day), ('week', interval 7 days), ('month', interval 1 month)

)

select
    neighbours.* exclude (previous_period, next_period, previous_revenue),
    case
        when neighbours.previous_period is null then 'new'
        when neighbours.previous_period + lengths.one_period = neighbours.period_start then 'returning'
        else 'resurrecting'
    end as entry,
    case
        when neighbours.previous_period + lengths.one_period = neighbours.period_start
            then neighbours.net_revenue - neighbours.previous_revenue
    end as expansion,
    coalesce(neighbours.next_period > neighbours.period_start + lengths.one_period, true) as is_dormant_after
from neighbours
inner join lengths
    on neighbours.grain = lengths.grain;


create table order_counts as
select
    order_periods.grain,
    order_periods.period_start,
    order_periods.first_period,
    person_breakdowns.acquisition_channel,
    person_breakdowns.country,
    person_breakdowns.first_order_channel,
    person_breakdowns.first_product_category,
    count(*) as persons,
    count(*) filter (where order_periods.entry = 'returning') as returning_persons,
    count(*) filter (where order_periods.is_dormant_after) as dormant_persons,
    sum(order_periods.orders) as orders,
    sum(order_periods.net_revenue) as revenue,
    sum(case when order_periods.entry = 'resurrecting' then order_periods.net_revenue else 0 end)
        as resurrected_revenue,
    sum(greatest(order_periods.expansion, 0)) as expansion_revenue,
    sum(greatest(-order_periods.expansion, 0)) as contraction_revenue,
    sum(case when order_periods.is_dormant_after then order_periods.net_revenue else 0 end) as churned_revenue
from order_periods
inner join person_breakdowns
    on order_periods.person_id = person_breakdowns.person_id
where order_periods.grain = 'month'
group by all

union all by name

select
    grain,
    period_start,
    first_period,
    count(*) as persons,
    count(*) filter (where entry = 'returning') as returning_persons,
    count(*) filter (where is_dormant_after) as dormant_persons,
    sum(orders) as orders,
    sum(net_revenue) as revenue,
    sum(case when entry = 'resurrecting' then net_revenue else 0 end) as resurrected_revenue,
    sum(greatest(expansion, 0)) as expansion_revenue,
    sum(greatest(-expansion, 0)) as contraction_revenue,
    sum(case when is_dormant_after then net_revenue else 0 end) as churned_revenue
from order_periods
where grain <> 'month'
group by all;


-- First and last days of persons in each week and month, with what the persons are.
create table visit_counts as
with placed as (

    select
        active_days.person_id,
        date_trunc('week', active_days.first_date) as first_week,
        date_trunc('week', active_days.activity_date) as week,
        date_trunc('week', active_days.previous_date) as previous_week,
        date_trunc('month', active_days.first_date) as first_month,
        date_trunc('month', active_days.activity_date) as month,
        date_trunc('month', active_days.previous_date) as previous_month,
        date_trunc('month', active_days.next_date) as next_month
    from active_days
    where active_days.activity = 'visit'

),

described as (

    select
        placed.*,
        coalesce(person_breakdowns.acquisition_channel, 'unknown') as acquisition_channel,
        coalesce(person_breakdowns.country, 'unknown') as country,
        coalesce(person_breakdowns.first_order_channel, 'unknown') as first_order_channel,
        coalesce(person_breakdowns.first_product_category, 'unknown') as first_product_category
    from placed
    left join person_breakdowns
        on placed.person_id = person_breakdowns.person_id
    where
        placed.previous_week is distinct from placed.week
        or placed.previous_month is distinct from placed.month
        or placed.next_month is distinct from placed.month

)

select
    cast(first_week as date) as first_week,
    cast(week as date) as week,
    cast(first_month as date) as first_month,
    cast(month as date) as month,
    acquisition_channel,
    country,
    first_order_channel,
    first_product_category,
    count(*) filter (where previous_week is distinct from week) as week_persons,
    count(*) filter (where previous_month is distinct from month) as month_persons,
    count(*) filter (where previous_month = month - interval 1 month) as month_returning,
    count(*) filter (where next_month is null or next_month > month + interval 1 month) as month_dormant
from described
group by all;


-- Persons of every kind by period, broken down where months are.
create table growth as
with counts as (

    select
        'order' as activity,
        grain,
        period_start,
        acquisition_channel,
        country,
        first_order_channel,
        first_product_category,
        persons,
        case when first_period = period_start then persons else 0 end as new_persons,
        returning_persons,
        dormant_persons,
        revenue,
        case when first_period = period_start then revenue else 0 end as new_revenue,
        resurrected_revenue,
        expansion_revenue,
        contraction_revenue,
        churned_revenue
    from order_counts

    union all by name

    select
        'visit' as activity,
        'month' as grain,
        month as period_start,
        acquisition_channel,
        country,
        first_order_channel,
        first_product_category,
        month_persons as persons,
        case when first_month = month then month_persons else 0 end as new_persons,
        month_returning as returning_persons,
        month_dormant as dormant_persons
    from visit_counts

    union all by name

    select
        'visit' as activity,
        'week' as grain,
        cast(date_trunc('week', activity_date) as date) as period_start,
        week_persons as persons,
        case
            when date_trunc('week', first_date) = date_trunc('week', activity_date) then week_persons
            else 0
        end as new_persons,
        week_returning as returning_persons,
        week_dormant as dormant_persons
    from day_counts
    where activity = 'visit'

    union all by name

    select
        'visit' as activity,
        'day' as grain,
        activity_date as period_start,
        persons,
        case when first_date = activity_date then persons else 0 end as new_persons,
        day_returning as returning_persons,
        day_dormant as dormant_persons
    from day_counts
    where activity = 'visit'

),

broken_down as (

    select
        activity,
        grain,
        period_start,
        case grouping(acquisition_channel, country, first_order_channel, first_product_category)
            when 15 then 'none'
            when 7 then 'acquisition_channel'
            when 11 then 'country'
            when 3 then 'acquisition_channel_and_country'
            when 13 then 'first_order_channel'
            when 14 then 'first_product_category'
        end as breakdown,
        coalesce(
            acquisition_channel || ', ' || country,
            acquisition_channel,
            country,
            first_order_channel,
            first_product_category,
            'all'
        ) as breakdown_value,
        sum(persons) as persons,
        sum(new_persons) as new_persons,
        sum(returning_persons) as returning_persons,
        sum(dormant_persons) as dormant_persons,
        sum(revenue) as revenue,
        sum(new_revenue) as new_revenue,
        sum(resurrected_revenue) as resurrected_revenue,
        sum(expansion_revenue) as expansion_revenue,
        sum(contraction_revenue) as contraction_revenue,
        sum(churned_revenue) as churned_revenue
    from counts
    group by grouping sets (
        (activity, grain, period_start),
        (activity, grain, period_start, acquisition_channel),
        (activity, grain, period_start, country),
        (activity, grain, period_start, acquisition_channel, country),
        (activity, grain, period_start, first_order_channel),
        (activity, grain, period_start, first_product_category)
    )

),

-- Days and weeks are not broken down.
kept as (

    select * from broken_down
    where breakdown = 'none' or grain = 'month'

),

calendar as (

    select
        histories.activity,
        histories.breakdown,
        histories.breakdown_value,
        periods.*,
        lag(periods.period_start) over (
            partition by histories.activity, histories.breakdown, histories.breakdown_value, periods.grain
            order by periods.period_start
        ) as previous_start
    from (
        select
            activity,
            grain,
            breakdown,
            breakdown_value,
            min(min(period_start)) over (partition by activity, grain) as first_period
        from kept
        group by activity, grain, breakdown, breakdown_value
    ) as histories
    inner join periods
        on histories.grain = periods.grain and histories.first_period <= periods.period_start

),

joined as (

    select
        calendar.grain,
        calendar.period_start,
        calendar.activity,
        calendar.breakdown,
        calendar.breakdown_value,
        calendar.is_complete,
        coalesce(active.persons, 0) as persons,
        coalesce(active.new_persons, 0) as new_persons,
        coalesce(active.returning_persons, 0) as returning_persons,
        coalesce(dormant.dormant_persons, 0) as dormant_persons,
        coalesce(active.revenue, 0) as revenue,
        coalesce(active.new_revenue, 0) as new_revenue,
        coalesce(active.resurrected_revenue, 0) as resurrected_revenue,
        coalesce(active.expansion_revenue, 0) as expansion_revenue,
        coalesce(active.contraction_revenue, 0) as contraction_revenue,
        coalesce(dormant.churned_revenue, 0) as churned_revenue
    from calendar
    left join kept as active
        on
            calendar.activity = active.activity
            and calendar.grain = active.grain
            and calendar.breakdown = active.breakdown
            and calendar.breakdown_value = active.breakdown_value
            and calendar.period_start = active.period_start
    left join kept as dormant
        on
            calendar.activity = dormant.activity
            and calendar.grain = dormant.grain
            and calendar.breakdown = dormant.breakdown
            and calendar.breakdown_value = dormant.breakdown_value
            and calendar.previous_start = dormant.period_start

)

select
    grain,
    period_start,
    activity,
    breakdown,
    breakdown_value,
    cast(new_persons as bigint) as new_customers,
    cast(returning_persons as bigint) as returning_customers,
    cast(persons - new_persons - returning_persons as bigint) as resurrecting_customers,
    case when is_complete then cast(dormant_persons as bigint) end as dormant_customers,
    cast(persons as bigint) as active_customers,
    case
        when is_complete then (persons - returning_persons) / cast(nullif(dormant_persons, 0) as double)
    end as quick_ratio,
    is_complete,
    case when activity = 'order' then revenue end as revenue,
    case when activity = 'order' then new_revenue end as new_revenue,
    case when activity = 'order' then resurrected_revenue end as resurrected_revenue,
    case when activity = 'order' and is_complete then expansion_revenue end as expansion_revenue,
    case when activity = 'order' and is_complete then contraction_revenue end as contraction_revenue,
    case when activity = 'order' and is_complete then churned_revenue end as churned_revenue,
    case
        when activity = 'order' and is_complete
            then new_revenue + resurrected_revenue + expansion_revenue - contraction_revenue - churned_revenue
    end as revenue_change
from joined;


create table mart_growth_accounting as
select * exclude (breakdown, breakdown_value) from growth
where breakdown = 'none';


create table mart_growth_by_breakdown as
select
    period_start as month_start,
    * exclude (period_start, grain)
from growth
where breakdown <> 'none';


-- Cohort by period, persons who were back and the orders of cohorts: small cubes of everything that is retained.
create table visitor_orders as
select
    entries.activity_date as first_date,
    coalesce(person_breakdowns.acquisition_channel, 'unknown') as acquisition_channel,
    order_days.activity_date,
    sum(order_days.orders) as orders,
    sum(order_days.net_revenue) as net_revenue
from (
    select
        person_id,
        activity_date,
        orders,
        net_revenue
    from fct_customer_days
    where activity = 'order'
) as order_days
inner join active_days as entries
    on order_days.person_id = entries.person_id and entries.activity = 'visit' and entries.previous_date is null
inner join person_breakdowns
    on order_days.person_id = person_breakdowns.person_id
group by all;


create table person_weeks as
select
    person_id,
    cast(date_trunc('week', activity_date) as date) as week
from active_days
where activity = 'visit' and date_trunc('week', previous_date) is distinct from date_trunc('week', activity_date);


create table retained_counts as
with months as (

    select
        grain,
        first_period as cohort_start,
        period_start,
        persons,
        orders,
        revenue,
        acquisition_channel,
        country,
        first_order_channel,
        first_product_category
    from order_counts
    where grain = 'month'

)

select
    'first_time' as entry,
    'order' as activity,
    'month' as grain,
    case grouping(acquisition_channel, country, first_order_channel, first_product_category)
        when 15 then 'none'
        when 7 then 'acquisition_channel'
        when 11 then 'country'
        when 3 then 'acquisition_channel_and_country'
        when 13 then 'first_order_channel'
        when 14 then 'first_product_category'
    end as breakdown,
    coalesce(
        acquisition_channel || ', ' || country,
        acquisition_channel,
        country,
        first_order_channel,
        first_product_category,
        'all'
    ) as breakdown_value,
    cohort_start,
    period_start,
    sum(persons) as n_retained,
    sum(orders) as orders,
    sum(revenue) as net_revenue
from months
group by grouping sets (
    (cohort_start, period_start),
    (cohort_start, period_start, acquisition_channel),
    (cohort_start, period_start, country),
    (cohort_start, period_start, acquisition_channel, country),
    (cohort_start, period_start, first_order_channel),
    (cohort_start, period_start, first_product_category)
)

union all by name

select
    'first_time' as entry,
    'order' as activity,
    'week' as grain,
    'none' as breakdown,
    'all' as breakdown_value,
    first_period as cohort_start,
    period_start,
    persons as n_retained,
    orders,
    revenue as net_revenue
from order_counts
where grain = 'week'

union all by name

select
    'recurring' as entry,
    'order' as activity,
    'month' as grain,
    'none' as breakdown,
    'all' as breakdown_value,
    members.period_start as cohort_start,
    periods.period_start,
    count(*) as n_retained,
    sum(periods.orders) as orders,
    sum(periods.net_revenue) as net_revenue
from order_periods as members
inner join order_periods as periods
    on
        members.person_id = periods.person_id
        and periods.period_start between members.period_start and members.period_start + interval 12 months
where members.grain = 'month' and periods.grain = 'month'
group by members.period_start, periods.period_start

union all by name

select
    'first_time' as entry,
    'visit' as activity,
    'day' as grain,
    'none' as breakdown,
    'all' as breakdown_value,
    first_date as cohort_start,
    activity_date as period_start,
    persons as n_retained
from day_counts
where activity = 'visit'

union all by name

select
    'first_time' as entry,
    'visit' as activity,
    'month' as grain,
    'none' as breakdown,
    'all' as breakdown_value,
    first_month as cohort_start,
    month as period_start,
    sum(month_persons) as n_retained
from visit_counts
group by first_month, month

union all by name

select
    'first_time' as entry,
    'visit' as activity,
    'week' as grain,
    case when grouping(acquisition_channel) = 1 then 'none' else 'acquisition_channel' end as breakdown,
    coalesce(acquisition_channel, 'all') as breakdown_value,
    first_week as cohort_start,
    week as period_start,
    sum(week_persons) as n_retained
from visit_counts
group by grouping sets ((first_week, week), (first_week, week, acquisition_channel))

union all by name

select
    'first_time' as entry,
    'visit' as activity,
    grain,
    case when grouping(acquisition_channel) = 1 then 'none' else 'acquisition_channel' end as breakdown,
    coalesce(acquisition_channel, 'all') as breakdown_value,
    cohort_start,
    period_start,
    sum(orders) as orders,
    sum(net_revenue) as net_revenue
from (
    select
        grains.grain,
        visitor_orders.*,
        cast(date_trunc(grains.grain, visitor_orders.first_date) as date) as cohort_start,
        cast(date_trunc(grains.grain, visitor_orders.activity_date) as date) as period_start
    from visitor_orders
    cross join (values ('day'), ('week'), ('month')) as grains (grain)
) as placed
group by grouping sets ((grain, cohort_start, period_start), (grain, cohort_start, period_start, acquisition_channel))

union all by name

select
    'recurring' as entry,
    'visit' as activity,
    'week' as grain,
    'none' as breakdown,
    'all' as breakdown_value,
    members.week as cohort_start,
    periods.week as period_start,
    count(*) as n_retained
from person_weeks as members
inner join person_weeks as periods
    on members.person_id = periods.person_id and periods.week between members.week and members.week + 84
group by members.week, periods.week

union all by name

select
    'recurring' as entry,
    'visit' as activity,
    'week' as grain,
    'none' as breakdown,
    'all' as breakdown_value,
    members.week as cohort_start,
    periods.period_start,
    sum(periods.orders) as orders,
    sum(periods.net_revenue) as net_revenue
from person_weeks as members
inner join order_periods as periods
    on members.person_id = periods.person_id and periods.period_start between members.week and members.week + 84
where periods.grain = 'week'
group by members.week, periods.period_start;


-- Days of 24 hours from a person's first full hour. A date touches two of them at most, those of its first and last
-- visit, and the first may be that of the last visit before.
create table rolling_days as
with placed as (

    select
        first_date as cohort_start,
        cast(date_diff('hour', date_trunc('hour', entered_at), run.as_of) as integer) // 24 as full_periods,
        date_diff('microsecond', date_trunc('hour', entered_at), first_at) // 86400000000 as first_index,
        date_diff('microsecond', date_trunc('hour', entered_at), last_at) // 86400000000 as last_index,
        date_diff('microsecond', date_trunc('hour', entered_at), previous_last_at) // 86400000000 as previous_index
    from active_days
    cross join run
    where activity = 'visit' and activity_date <= first_date + 31

),

touched as (

    select
        cohort_start,
        full_periods,
        first_index as period_index
    from placed
    where first_index > previous_index or previous_index is null

    union all

    select
        cohort_start,
        full_periods,
        last_index as period_index
    from placed
    where last_index > first_index

)

select
    cohort_start,
    period_index,
    count(*) as n_retained
from touched
where period_index < full_periods and period_index <= 30
group by cohort_start, period_index;


create table rolling_orders as
with placed as (

    select
        entries.first_date as cohort_start,
        date_diff('hour', date_trunc('hour', entries.entered_at), run.as_of) // 24 as full_periods,
        date_diff('microsecond', date_trunc('hour', entries.entered_at), orders.ordered_at) // 86400000000
            as period_index,
        orders.net_amount
    from fct_orders as orders
    inner join active_days as entries
        on
            orders.customer_id = entries.person_id
            and orders.ordered_at >= entries.entered_at
            and orders.order_date <= entries.activity_date + 31
    cross join run
    where orders.order_number is not null and entries.activity = 'visit' and entries.previous_date is null

)

select
    cohort_start,
    period_index,
    count(*) as orders,
    sum(net_amount) as net_revenue
from placed
where period_index < full_periods and period_index <= 30
group by cohort_start, period_index;


create table mart_retention as
with retained as (

    select
        entry,
        activity,
        grain,
        breakdown,
        breakdown_value,
        cohort_start,
        case grain
            when 'day' then period_start - cohort_start
            when 'week' then (period_start - cohort_start) // 7
            else date_diff('month', cohort_start, period_start)
        end as period_index,
        sum(n_retained) as n_retained,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue
    from retained_counts
    group by all

),

-- Of first entries, everybody is there in the first period.
cohorts as (

    select
        retained.* exclude (period_index, n_retained, orders, net_revenue),
        retained.n_retained as cohort_size,
        case retained.grain
            when 'day' then cast(run.as_of as date) - retained.cohort_start
            when 'week' then (cast(date_trunc('week', run.as_of) as date) - retained.cohort_start) // 7
            else date_diff('month', retained.cohort_start, date_trunc('month', run.as_of))
        end as full_periods,
        cast(date_trunc(retained.grain, run.as_of) < run.as_of as integer) as begun
    from retained
    cross join run
    where retained.period_index = 0 and retained.n_retained is not null

),

last_periods as (

    select
        cohorts.activity,
        cohorts.grain,
        cohorts.cohort_start,
        least(lasts.last_index, cohorts.full_periods - 1) as period_index,
        sum(lasts.persons) as persons
    from (
        select
            activity,
            'month' as grain,
            cast(date_trunc('month', first_date) as date) as cohort_start,
            date_diff('month', date_trunc('month', first_date), date_trunc('month', activity_date)) as last_index,
            sum(last_days) as persons
        from day_counts
        where activity = 'order'
        group by all

        union all

        select
            activity,
            'week' as grain,
            cast(date_trunc('week', first_date) as date) as cohort_start,
            date_diff('day', date_trunc('week', first_date), date_trunc('week', activity_date)) // 7 as last_index,
            sum(last_days) as persons
        from day_counts
        where activity = 'visit'
        group by all
    ) as lasts
    inner join cohorts
        on
            lasts.activity = cohorts.activity
            and lasts.grain = cohorts.grain
            and lasts.cohort_start = cohorts.cohort_start
            and cohorts.breakdown = 'none'
            and cohorts.entry = 'first_time'
    group by all

),

combinations (entry, return_rule, activity, grain, breakdowns, entry_counted) as (

    values
    (
        'first_time', 'on', 'order', 'month',
        [
            'none', 'acquisition_channel', 'country', 'acquisition_channel_and_country', 'first_order_channel',
            'first_product_category'
        ], 'first_time'
    ),
    ('first_time', 'on', 'order', 'week', ['none'], 'first_time'),
    ('first_time', 'on_or_after', 'order', 'month', ['none'], 'first_time'),
    -- Every action may open a cohort, so the first one does.
    ('first_ever', 'on', 'order', 'month', ['none'], 'first_time'),
    ('recurring', 'on', 'order', 'month', ['none'], 'recurring'),
    ('first_time', 'on', 'visit', 'day', ['none'], 'first_time'),
    ('first_time', 'on', 'visit', 'week', ['none', 'acquisition_channel'], 'first_time'),
    ('first_time', 'on', 'visit', 'month', ['none'], 'first_time'),
    ('first_time', 'on_or_after', 'visit', 'week', ['none'], 'first_time'),
    ('recurring', 'on', 'visit', 'week', ['none'], 'recurring')

),

grid as (

    select
        combinations.*,
        cohorts.breakdown,
        cohorts.breakdown_value,
        cohorts.cohort_start,
        cohorts.cohort_size,
        cohorts.full_periods,
        unnest(
            range(
                least(cohorts.full_periods + cohorts.begun, case cohorts.grain when 'day' then 31 else 13 end)
            )
        ) as period_index
    from combinations
    inner join cohorts
        on
            combinations.entry_counted = cohorts.entry
            and combinations.activity = cohorts.activity
            and combinations.grain = cohorts.grain
            and list_contains(combinations.breakdowns, cohorts.breakdown)

),

calendar_cells as (

    select
        grid.* exclude (breakdowns, entry_counted, full_periods),
        'calendar' as clock,
        case when grid.period_index < grid.full_periods then grid.cohort_size else 0 end as n_mature,
        case
            when grid.return_rule = 'on' then retained.n_retained
            else (
                select sum(last_periods.persons)
                from last_periods
                where
                    last_periods.activity = grid.activity
                    and last_periods.grain = grid.grain
                    and last_periods.cohort_start = grid.cohort_start
                    and last_periods.period_index >= grid.period_index
            )
        end as n_retained,
        retained.orders,
        retained.net_revenue
    from grid
    left join retained
        on
            grid.entry_counted = retained.entry
            and grid.activity = retained.activity
            and grid.grain = retained.grain
            and grid.breakdown = retained.breakdown
            and grid.breakdown_value = retained.breakdown_value
            and grid.cohort_start = retained.cohort_start
            and grid.period_index = retained.period_index

),

rolling_ages as (

    select
        first_date as cohort_start,
        date_diff('hour', date_trunc('hour', entered_at), run.as_of) // 24 as full_periods,
        count(*) as persons,
        max(date_diff('microsecond', date_trunc('hour', entered_at), run.as_of)) as oldest
    from active_days
    cross join run
    where activity = 'visit' and previous_date is null
    group by all

),

rolling_grid as (

    select
        cohort_start,
        sum(persons) as cohort_size,
        unnest(range(cast(least(ceil(max(oldest) / 86400000000), 31) as bigint))) as period_index
    from rolling_ages
    group by cohort_start

),

cells as (

    select * from calendar_cells

    union all by name

    select
        'first_time' as entry,
        'on' as return_rule,
        'rolling_24h' as clock,
        'visit' as activity,
        'day' as grain,
        'none' as breakdown,
        'all' as breakdown_value,
        rolling_grid.cohort_start,
        rolling_grid.cohort_size,
        rolling_grid.period_index,
        (
            select coalesce(sum(rolling_ages.persons), 0)
            from rolling_ages
            where
                rolling_ages.cohort_start = rolling_grid.cohort_start
                and rolling_ages.full_periods > rolling_grid.period_index
        ) as n_mature,
        rolling_days.n_retained,
        rolling_orders.orders,
        rolling_orders.net_revenue
    from rolling_grid
    left join rolling_days
        on
            rolling_grid.cohort_start = rolling_days.cohort_start
            and rolling_grid.period_index = rolling_days.period_index
    left join rolling_orders
        on
            rolling_grid.cohort_start = rolling_orders.cohort_start
            and rolling_grid.period_index = rolling_orders.period_index

),

typed as (

    select
        * replace (
            cast(cohort_size as bigint) as cohort_size,
            cast(n_mature as bigint) as n_mature,
            cast(period_index as integer) as period_index,
            case when n_mature > 0 then cast(coalesce(n_retained, 0) as bigint) end as n_retained,
            case when n_mature > 0 then cast(coalesce(orders, 0) as bigint) end as orders,
            case when n_mature > 0 then cast(coalesce(net_revenue, 0) as decimal(38, 4)) end as net_revenue
        ),
        cast(nullif(n_mature, 0) as double) as trials
    from cells

)

select
    typed.* exclude (trials),
    typed.n_retained / typed.trials as retention_rate,
    wilson_low(typed.n_retained, typed.trials) as ci_low,
    wilson_high(typed.n_retained, typed.trials) as ci_high,
    run.as_of
from typed
cross join run;


create table mart_retention_overall as
with summed as (

    select
        entry,
        return_rule,
        clock,
        grain,
        activity,
        breakdown,
        breakdown_value,
        period_index,
        as_of,
        cast(sum(cohort_size) as bigint) as cohort_size,
        cast(sum(n_mature) as bigint) as n_mature,
        cast(sum(n_retained) as bigint) as n_retained,
        cast(sum(orders) as bigint) as orders,
        sum(net_revenue) as net_revenue
    from mart_retention
    group by all

)

select
    *,
    n_retained / cast(nullif(n_mature, 0) as double) as retention_rate,
    case when entry <> 'recurring' then wilson_low(n_retained, cast(nullif(n_mature, 0) as double)) end as ci_low,
    case when entry <> 'recurring' then wilson_high(n_retained, cast(nullif(n_mature, 0) as double)) end as ci_high
from summed;


create table mart_retention_headline as
with counted as (

    select
        activity,
        first_date as cohort_date,
        sum(case when activity_date = first_date then persons else 0 end) as cohort_size,
        sum(case when activity_date = first_date + 1 then persons else 0 end) as back_on_day_1,
        sum(case when activity_date = first_date + 7 then persons else 0 end) as back_on_day_7,
        sum(case when date_diff('month', first_date, activity_date) = 1 then month_persons else 0 end)
            as back_in_month_1
    from day_counts
    group by activity, first_date

)

select
    counted.activity,
    counted.cohort_date,
    cast(counted.cohort_size as bigint) as cohort_size,
    case when counted.cohort_date + 2 <= run.as_of then counted.back_on_day_1 / cast(counted.cohort_size as double) end
        as d1_rate,
    case when counted.cohort_date + 8 <= run.as_of then counted.back_on_day_7 / cast(counted.cohort_size as double) end
        as d7_rate,
    case
        when date_trunc('month', counted.cohort_date) + interval 2 months <= run.as_of
            then counted.back_in_month_1 / cast(counted.cohort_size as double)
    end as m1_rate
from counted
cross join run;


create table mart_cohort_value as
with cohorts as (

    select
        cast(date_trunc('month', buyers.first_ordered_at) as date) as cohort_month,
        count(*) as customers
    from buyers
    group by 1

),

monthly as (

    select
        cast(date_trunc('month', buyers.first_ordered_at) as date) as cohort_month,
        cast(date_trunc('month', orders.order_date) as date) as order_month,
        count(*) as orders,
        sum(orders.net_amount) as net_revenue,
        sum(orders.margin_amount) as margin,
        count(*) - count(orders.margin_amount) as orders_without_margin
    from fct_orders as orders
    inner join buyers
        on orders.customer_id = buyers.customer_id
    where orders.order_number is not null
    group by 1, 2

),

cumulated as (

    select
        cohorts.cohort_month,
        date_diff('month', cohorts.cohort_month, periods.period_start) as months_since,
        cohorts.customers,
        sum(coalesce(monthly.orders, 0)) over since_cohort as orders,
        sum(coalesce(monthly.net_revenue, 0)) over since_cohort as net_revenue,
        sum(coalesce(monthly.margin, 0)) over since_cohort as margin,
        sum(coalesce(monthly.orders_without_margin, 0)) over since_cohort as orders_without_margin
    from cohorts
    inner join periods
        on cohorts.cohort_month <= periods.period_start and periods.grain = 'month' and periods.is_complete
    left join monthly
        on cohorts.cohort_month = monthly.cohort_month and periods.period_start = monthly.order_month
    window since_cohort as (
        partition by cohorts.cohort_month
        order by periods.period_start
        rows between unbounded preceding and current row
    )

)

select
    cohort_month,
    cast(months_since as integer) as months_since,
    customers,
    cast(orders as bigint) as cumulative_orders,
    net_revenue as cumulative_net_revenue,
    net_revenue / cast(customers as double) as cumulative_net_revenue_per_customer,
    case when orders_without_margin = 0 then margin / cast(customers as double) end as cumulative_margin_per_customer
from cumulated;
