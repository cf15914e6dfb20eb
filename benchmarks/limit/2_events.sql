-- Repeated ids: equal rows are one event, different ones say nothing that could be trusted.
create table repeated_events as
select event_id from events
group by event_id
having count(*) > 1;


create view accepted_events as
select events.*
from events
anti join repeated_events
    on events.event_id = repeated_events.event_id

union all

select copies.*
from (
    select distinct events.*
    from events
    semi join repeated_events
        on events.event_id = repeated_events.event_id
) as copies
qualify count(*) over (partition by copies.event_id) = 1;


-- The customers seen with each anonymous_id. Nearly all had one: only the others need an order in time.
create table visitors as
select
    events.anonymous_id,
    min(coalesce(merged_customers.customer_id, events.customer_id)) as customer_id,
    min(coalesce(merged_customers.customer_id, events.customer_id))
    <> max(coalesce(merged_customers.customer_id, events.customer_id)) as is_shared
from accepted_events as events
left join merged_customers
    on events.customer_id = merged_customers.from_customer_id
where events.anonymous_id is not null and events.customer_id is not null
group by events.anonymous_id;


-- Unidentified events on shared devices belong to the next customer, else to the previous one.
create table shared_visits as
with shared as (

    select
        events.event_id,
        events.anonymous_id,
        events.occurred_at,
        coalesce(merged_customers.customer_id, events.customer_id) as customer_id
    from accepted_events as events
    semi join (select anonymous_id from visitors where is_shared) as shared_visitors
        on events.anonymous_id = shared_visitors.anonymous_id
    left join merged_customers
        on events.customer_id = merged_customers.from_customer_id

)

select
    event_id,
    coalesce(
        first_value(customer_id ignore nulls) over (
            partition by anonymous_id
            order by occurred_at, event_id
            rows between current row and unbounded following
        ),
        last_value(customer_id ignore nulls) over (
            partition by anonymous_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        )
    ) as customer_id
from shared
qualify customer_id is null;


-- Every event of a person who counts, with its canonical type.
create view visits as
with owned as (

    select
        events.event_id,
        events.session_id,
        events.occurred_at,
        lower(events.search_query) as search_term,
        events.result_count,
        coalesce(event_vocabulary.canonical_type, 'other') as event_type,
        events.customer_id is null and visitors.customer_id is null as is_anonymous,
        coalesce(
            merged_customers.customer_id,
            events.customer_id,
            case when visitors.is_shared then shared_visits.customer_id else visitors.customer_id end,
            'anon:' || events.anonymous_id
        ) as person_id
    from accepted_events as events
    left join merged_customers
        on events.customer_id = merged_customers.from_customer_id
    left join visitors
        on case when events.customer_id is null then events.anonymous_id end = visitors.anonymous_id
    left join shared_visits
        on case when visitors.is_shared then events.event_id end = shared_visits.event_id
    left join event_vocabulary
        on lower(events.event_type) = event_vocabulary.event_type

)

select owned.*
from owned
anti join excluded_customers
    on owned.person_id = excluded_customers.customer_id
where owned.person_id is not null;


-- Only what tells sessions apart goes through the windows; what the first event says is fetched by its id.
create table fct_sessions as
with gaps as (

    select
        event_id,
        person_id,
        session_id,
        occurred_at,
        event_type,
        is_anonymous,
        lag(occurred_at) over session_so_far as previous_at,
        lag(event_type) over session_so_far as previous_type
    from visits
    window session_so_far as (partition by person_id, session_id order by occurred_at, event_id)

),

started as (

    select
        * exclude (previous_at, previous_type),
        previous_at is null
        or (session_id is null and occurred_at > previous_at + interval 30 minutes) as is_start,
        previous_type is distinct from event_type as is_other_type
    from gaps

),

numbered as (

    select
        *,
        count(*) filter (where is_start) over session_so_far as session_number,
        count(*) filter (where is_start or is_other_type) over session_so_far as step_number
    from started
    window session_so_far as (
        partition by person_id, session_id
        order by occurred_at, event_id
        rows between unbounded preceding and current row
    )

),

sessions as (

    select
        person_id,
        session_id,
        max(case when is_start then event_id end) as first_event_id,
        min(is_anonymous) as is_anonymous,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as events,
        count(*) filter (where event_type = 'view') as views,
        min(case when event_type = 'view' then occurred_at end) as view_at,
        min(case when event_type = 'search' then occurred_at end) as search_at,
        min(case when event_type = 'cart_add' then occurred_at end) as cart_add_at,
        min(case when event_type = 'checkout' then occurred_at end) as checkout_at,
        min(case when event_type = 'purchase' then occurred_at end) as purchase_at,
        max(case when event_type = 'purchase' then occurred_at end) as last_purchase_at,
        min_by(event_type, step_number, 8) filter (where is_start or is_other_type) as steps
    from numbered
    group by person_id, session_id, session_number

)

select
    md5(sessions.first_event_id) as session_key,
    sessions.person_id,
    sessions.session_id,
    sessions.is_anonymous,
    sessions.started_at,
    sessions.ended_at,
    cast(sessions.started_at as date) as session_date,
    date_diff('microsecond', sessions.started_at, sessions.ended_at) / 1000000.0 as duration_seconds,
    sessions.events,
    sessions.views,
    sessions.views >= 2
    or sessions.ended_at >= sessions.started_at + interval 10 seconds
    or sessions.purchase_at is not null as is_engaged,
    sessions.view_at is not null as has_view,
    sessions.view_at,
    sessions.search_at is not null as has_search,
    sessions.search_at,
    sessions.cart_add_at is not null as has_cart_add,
    sessions.cart_add_at,
    sessions.checkout_at is not null as has_checkout,
    sessions.checkout_at,
    sessions.purchase_at is not null as has_purchase,
    sessions.purchase_at,
    first_events.channel,
    first_events.device,
    first_events.page_path as landing_page,
    first_events.referrer,
    sessions.last_purchase_at,
    array_to_string(sessions.steps, ' > ') as path,
    len(sessions.steps) as path_steps
from sessions
inner join accepted_events as first_events
    on sessions.first_event_id = first_events.event_id;


create table fct_customer_days as
select
    person_id,
    'visit' as activity,
    cast(occurred_at as date) as activity_date,
    count(*) as actions,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    cast(0 as bigint) as orders,
    cast(0 as decimal(38, 4)) as net_revenue
from visits
group by person_id, cast(occurred_at as date)

union all

select
    customer_id as person_id,
    'order' as activity,
    order_date as activity_date,
    count(*) as actions,
    min(ordered_at) as first_at,
    max(ordered_at) as last_at,
    count(*) as orders,
    cast(sum(net_amount) as decimal(38, 4)) as net_revenue
from fct_orders
where order_number is not null
group by customer_id, order_date;
