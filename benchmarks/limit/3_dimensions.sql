create table dim_customers as
with accounts as (

    select
        coalesce(merged_customers.customer_id, customers.customer_id) as customer_id,
        min(customers.created_at) as first_created_at,
        -- The account that bears the id says the attributes, else the one created first.
        min_by(
            customers,
            row(
                merged_customers.customer_id is not null,
                coalesce(customers.created_at, timestamp '9999-12-31'),
                customers.customer_id
            )
        ) as account
    from customers
    left join merged_customers
        on customers.customer_id = merged_customers.from_customer_id
    group by 1

),

seen_in_events as (

    select
        customer_id,
        min(occurred_at) as seen_at
    from accepted_events
    where customer_id is not null
    group by customer_id

),

sightings as (

    select
        customer_id,
        first_created_at as seen_at
    from accounts

    union all

    select
        customer_id,
        min(ordered_at) as seen_at
    from fct_orders
    where customer_id is not null
    group by customer_id

    union all

    select
        coalesce(merged_customers.customer_id, seen_in_events.customer_id) as customer_id,
        seen_in_events.seen_at
    from seen_in_events
    left join merged_customers
        on seen_in_events.customer_id = merged_customers.from_customer_id

    union all

    select
        customer_id,
        null as seen_at
    from excluded_customers

),

seen as (

    select
        customer_id,
        min(seen_at) as first_seen_at
    from sightings
    group by customer_id

)

select
    seen.customer_id,
    accounts.first_created_at as created_at,
    seen.first_seen_at,
    accounts.account.acquisition_channel,
    accounts.account.country,
    accounts.account.city,
    cast(accounts.account.birth_year as integer) as birth_year,
    accounts.account.gender,
    accounts.account.interests,
    accounts.account.loyalty_tier,
    accounts.account.email_consent,
    accounts.account.sms_consent,
    accounts.account.push_consent,
    accounts.account.closed_at,
    accounts.account.closed_reason,
    accounts.customer_id is not null as is_registered,
    excluded_customers.customer_id is not null as is_excluded,
    excluded_customers.exclusion_reason,
    buyers.first_ordered_at,
    buyers.last_ordered_at,
    buyers.first_order_channel,
    coalesce(buyers.orders, 0) as orders,
    coalesce(buyers.net_revenue, 0) as net_revenue,
    false as is_left_censored,
    case
        when accounts.customer_id is not null
            then cast(json_object('x_newsletter_topic', accounts.account.x_newsletter_topic) as varchar)
    end as x_columns
from seen
left join accounts
    on seen.customer_id = accounts.customer_id
left join excluded_customers
    on seen.customer_id = excluded_customers.customer_id
left join buyers
    on seen.customer_id = buyers.customer_id;


create table dim_products as
with named as (

    select product_id from products

    union

    select product_id from fct_order_items

    union

    select product_id from accepted_events
    where product_id is not null

    union

    select product_id from reviews
    where product_id is not null

),

ratings as (

    select
        product_id,
        count(rating) as ratings,
        avg(rating) as avg_rating
    from reviews
    group by product_id

),

sales as (

    select
        product_id,
        min(ordered_at) as first_sold_at,
        max(ordered_at) as last_sold_at,
        count(distinct order_id) as orders,
        sum(quantity) as units_sold
    from fct_order_items
    where is_purchase
    group by product_id

)

select
    named.product_id,
    products.product_name,
    products.description,
    products.attributes,
    products.category,
    products.brand,
    products.list_price,
    products.unit_cost,
    products.launched_at,
    products.is_active,
    cast(products.stock_units as integer) as stock_units,
    products.product_id is not null as is_in_catalogue,
    sales.first_sold_at,
    sales.last_sold_at,
    coalesce(sales.orders, 0) as orders,
    cast(coalesce(sales.units_sold, 0) as decimal(38, 4)) as units_sold,
    coalesce(ratings.ratings, 0) as ratings,
    ratings.avg_rating,
    cast(null as varchar) as x_columns
from named
left join products
    on named.product_id = products.product_id
left join sales
    on named.product_id = sales.product_id
left join ratings
    on named.product_id = ratings.product_id;


-- Every local day, week and month from the first fact to as_of.
create table periods as
with first_facts as (

    select min(order_date) as first_date from fct_orders

    union all

    select cast(min(occurred_at) as date) as first_date from events

    union all

    select cast(min(first_seen_at) as date) as first_date from dim_customers

    union all

    select cast(min(coalesce(invited_at, responded_at)) as date) as first_date from nps_responses

),

days as (

    select cast(unnest(range(min(first_date), any_value(as_of_date) + 1, interval 1 day)) as date) as day
    from first_facts
    cross join run

),

starts as (

    select
        'day' as grain,
        day as period_start,
        day + 1 as next_period_start
    from days

    union all

    select distinct
        'week' as grain,
        date_trunc('week', day) as period_start,
        date_trunc('week', day) + interval 7 days as next_period_start
    from days

    union all

    select distinct
        'month' as grain,
        date_trunc('month', day) as period_start,
        date_trunc('month', day) + interval 1 month as next_period_start
    from days

)

select
    starts.grain,
    cast(starts.period_start as date) as period_start,
    cast(starts.next_period_start as date) as next_period_start,
    starts.next_period_start <= run.as_of as is_complete
from starts
cross join run;


create table dim_dates as
select
    period_start as date_day,
    cast(date_trunc('week', period_start) as date) as week_start,
    cast(date_trunc('month', period_start) as date) as month_start,
    cast(date_trunc('quarter', period_start) as date) as quarter_start,
    cast(year(period_start) as integer) as year_number,
    cast(month(period_start) as integer) as month_of_year,
    cast(day(period_start) as integer) as day_of_month,
    cast(isodow(period_start) as integer) as iso_day_of_week,
    is_complete
from periods
where grain = 'day';
