-- As of when the shop is looked at: DOVECOTE_AS_OF, else the latest time in its files, as everything lies in the past.
create table run as
with latest as (

    select
        greatest(
            max(ordered_at), max(refunded_at), max(status_changed_at), max(delivered_at), max(updated_at)
        ) as fact_at
    from raw_orders

    union all

    select greatest(max(created_at), max(closed_at), max(updated_at)) as fact_at from raw_customers

    union all

    select max(updated_at) as fact_at from raw_products

    union all

    select max(occurred_at) as fact_at from raw_events

    union all

    select max(created_at) as fact_at from raw_reviews

    union all

    select greatest(max(invited_at), max(responded_at)) as fact_at from raw_nps_responses

    union all

    select max(merged_at) as fact_at from raw_customer_merges

)

select
    coalesce(getvariable('fixed_as_of'), max(fact_at) + interval 1 microsecond) as as_of,
    cast(as_of - interval 1 microsecond as date) as as_of_date,
    (
        select currency from raw_orders
        where currency is not null
        group by currency
        order by count(*) desc, currency asc
        limit 1
    ) as reporting_currency
from latest;


set variable as_of = (select as_of from run);


-- What was known then: a refund, a delivery, a status or an answer of later had not happened yet.
create view orders as
select
    * replace (
        case when refunded_at is null or refunded_at < getvariable('as_of') then refund_amount end as refund_amount,
        case when refunded_at < getvariable('as_of') then refunded_at end as refunded_at,
        case when status_changed_at is null or status_changed_at < getvariable('as_of') then status end as status,
        case when status_changed_at < getvariable('as_of') then status_changed_at end as status_changed_at,
        case when delivered_at < getvariable('as_of') then delivered_at end as delivered_at
    )
from raw_orders
where ordered_at < getvariable('as_of');


create view order_items as
from raw_order_items;


create view customers as
select
    * replace (
        case when closed_at < getvariable('as_of') then closed_at end as closed_at,
        case when closed_at is null or closed_at < getvariable('as_of') then closed_reason end as closed_reason
    )
from raw_customers
where created_at is null or created_at < getvariable('as_of');


create view products as
from raw_products;


create view events as
from raw_events
where occurred_at < getvariable('as_of');


create view reviews as
from raw_reviews
where created_at is null or created_at < getvariable('as_of');


create view nps_responses as
select
    * replace (
        case when responded_at is null or responded_at < getvariable('as_of') then score end as score,
        case when responded_at < getvariable('as_of') then responded_at end as responded_at
    )
from raw_nps_responses
where coalesce(invited_at, responded_at) < getvariable('as_of');


create view customer_merges as
from raw_customer_merges
where merged_at is null or merged_at < getvariable('as_of');


create view exclusions as
from raw_exclusions;


create view exchange_rates as
from raw_exchange_rates
where rate_date < getvariable('as_of');
