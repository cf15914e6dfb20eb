-- Each merged id with the id at the end of its chain.
create table merged_customers as
with recursive links as (

    select
        from_customer_id,
        to_customer_id
    from customer_merges
    qualify row_number() over (partition by from_customer_id order by merged_at desc nulls last) = 1

),

reached as (

    select
        from_customer_id,
        to_customer_id as customer_id
    from links

    union

    select
        reached.from_customer_id,
        links.to_customer_id as customer_id
    from reached
    inner join links
        on reached.customer_id = links.from_customer_id

)

select reached.*
from reached
anti join links
    on reached.customer_id = links.from_customer_id;


create table excluded_customers as
select
    coalesce(merged_customers.customer_id, exclusions.customer_id) as customer_id,
    min(exclusions.reason) as exclusion_reason
from exclusions
left join merged_customers
    on exclusions.customer_id = merged_customers.from_customer_id
group by 1;


-- A rate for every day, so that orders find theirs by equality.
create table daily_rates as
with spans as (

    select
        currency,
        rate_to_reporting,
        rate_date as valid_from,
        lead(rate_date, 1, (select as_of_date + 1 from run)) over (partition by currency order by rate_date) as valid_to
    from exchange_rates
    where currency <> (select reporting_currency from run)

)

select
    currency,
    cast(rate_to_reporting as decimal(18, 8)) as rate_to_reporting,
    cast(unnest(range(valid_from, valid_to, interval 1 day)) as date) as rate_date
from spans;


-- The latest version of each order.
create view accepted_orders as
with repeated as materialized (

    select order_id from orders
    group by order_id
    having count(*) > 1

)

select orders.*
from orders
anti join repeated
    on orders.order_id = repeated.order_id

union all

select orders.*
from orders
semi join repeated
    on orders.order_id = repeated.order_id
qualify row_number() over (partition by orders.order_id order by orders.updated_at desc nulls last) = 1;


create table purchases as
with customer_orders as (

    select
        orders.order_id,
        coalesce(merged_customers.customer_id, orders.customer_id) as customer_id,
        orders.ordered_at
    from accepted_orders as orders
    left join merged_customers
        on orders.customer_id = merged_customers.from_customer_id
    anti join order_status_policy
        on
            lower(orders.status) = order_status_policy.status
            and not order_status_policy.counts_as_purchase
    where orders.customer_id is not null

)

select
    customer_orders.order_id,
    row_number() over purchases_of_customer as order_number,
    lag(customer_orders.ordered_at) over purchases_of_customer as previous_ordered_at
from customer_orders
anti join excluded_customers
    on customer_orders.customer_id = excluded_customers.customer_id
window purchases_of_customer as (
    partition by customer_orders.customer_id
    order by customer_orders.ordered_at, customer_orders.order_id
);


-- Most amounts are in it already or small, and what is wider than 18 digits is dear.
create macro in_reporting_currency(amount, rate) as
case
    when rate = 1 then cast(amount as decimal(18, 4))
    when amount between -99999 and 99999 and rate < 10
        then cast(cast(amount as decimal(9, 4)) * cast(rate as decimal(9, 8)) as decimal(18, 4))
    else cast(cast(amount as decimal(26, 4)) * rate as decimal(18, 4))
end;


create table fct_orders as
with owned as (

    select
        orders.* exclude (discount_amount, refund_amount, status),
        lower(orders.status) as status,
        coalesce(orders.discount_amount, 0) as discount_amount,
        coalesce(orders.refund_amount, 0) as refund_amount,
        coalesce(merged_customers.customer_id, orders.customer_id) as person_id,
        daily_rates.rate_to_reporting as foreign_rate
    from accepted_orders as orders
    left join merged_customers
        on orders.customer_id = merged_customers.from_customer_id
    left join daily_rates
        on
            orders.currency = daily_rates.currency
            and cast(orders.ordered_at as date) = daily_rates.rate_date

),

priced as (

    select
        * replace (
            in_reporting_currency(gross_amount, coalesce(foreign_rate, 1)) as gross_amount,
            in_reporting_currency(discount_amount, coalesce(foreign_rate, 1)) as discount_amount,
            in_reporting_currency(refund_amount, coalesce(foreign_rate, 1)) as refund_amount,
            in_reporting_currency(cost_amount, coalesce(foreign_rate, 1)) as cost_amount,
            in_reporting_currency(shipping_amount, coalesce(foreign_rate, 1)) as shipping_amount,
            in_reporting_currency(tax_amount, coalesce(foreign_rate, 1)) as tax_amount
        )
    from owned

)

select
    priced.order_id,
    priced.person_id as customer_id,
    priced.ordered_at,
    cast(priced.ordered_at as date) as order_date,
    priced.gross_amount,
    priced.discount_amount,
    priced.refund_amount,
    cast(priced.gross_amount - priced.discount_amount - priced.refund_amount as decimal(18, 4)) as net_amount,
    priced.cost_amount,
    cast(
        priced.gross_amount - priced.discount_amount - priced.refund_amount - priced.cost_amount as decimal(18, 4)
    ) as margin_amount,
    priced.shipping_amount,
    priced.tax_amount,
    priced.refunded_at,
    priced.status,
    priced.status_changed_at,
    priced.payment_status,
    priced.promised_at,
    priced.delivered_at,
    priced.channel,
    priced.coupon_code,
    priced.currency,
    coalesce(priced.foreign_rate, 1) as rate_to_reporting,
    coalesce(order_status_policy.counts_as_purchase, true) as is_purchase,
    priced.person_id is null as is_guest,
    excluded_customers.customer_id is not null as is_excluded,
    priced.refund_amount > priced.gross_amount - priced.discount_amount as is_refund_above_order,
    cast(purchases.order_number as integer) as order_number,
    purchases.previous_ordered_at,
    date_diff('microsecond', purchases.previous_ordered_at, priced.ordered_at) / 86400000000.0
        as days_since_previous_order,
    cast(null as varchar) as x_columns
from priced
left join order_status_policy
    on priced.status = order_status_policy.status
left join excluded_customers
    on priced.person_id = excluded_customers.customer_id
left join purchases
    on priced.order_id = purchases.order_id;


-- What customers bought, one row a customer.
create table buyers as
select
    customer_id,
    min(ordered_at) as first_ordered_at,
    max(ordered_at) as last_ordered_at,
    max(case when order_number = 2 then ordered_at end) as second_ordered_at,
    max(case when order_number = 1 then channel end) as first_order_channel,
    max(case when order_number = 1 then order_id end) as first_order_id,
    count(*) as orders,
    cast(sum(net_amount) as decimal(38, 4)) as net_revenue
from fct_orders
where order_number is not null
group by customer_id;


create table fct_order_items as
with repeated as materialized (

    select order_item_id from order_items
    where order_item_id is not null
    group by order_item_id
    having count(*) > 1

),

keyed as (

    select
        order_items.*,
        'id:' || order_items.order_item_id as order_item_key
    from order_items
    anti join repeated
        on order_items.order_item_id = repeated.order_item_id
    where order_items.order_item_id is not null

    union all

    -- Lines that differ under one id say nothing that could be trusted.
    select
        copies.*,
        'id:' || copies.order_item_id as order_item_key
    from (
        select distinct order_items.*
        from order_items
        semi join repeated
            on order_items.order_item_id = repeated.order_item_id
    ) as copies
    qualify count(*) over (partition by copies.order_item_id) = 1

    union all

    select
        *,
        'line:' || order_id || ':' || row_number() over (
            partition by order_id
            order by
                product_id,
                quantity nulls first,
                unit_price nulls first,
                discount_amount nulls first,
                unit_cost nulls first
        ) as order_item_key
    from order_items
    where order_item_id is null

),

priced as (

    select
        keyed.order_item_key,
        keyed.order_item_id,
        keyed.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        keyed.product_id,
        cast(keyed.quantity as decimal(18, 4)) as quantity,
        in_reporting_currency(keyed.unit_price, coalesce(orders.rate_to_reporting, 1)) as unit_price,
        in_reporting_currency(coalesce(keyed.discount_amount, 0), coalesce(orders.rate_to_reporting, 1)) as discount_amount,
        coalesce(
            in_reporting_currency(keyed.unit_cost, coalesce(orders.rate_to_reporting, 1)), products.unit_cost
        ) as unit_cost,
        coalesce(orders.is_purchase, false) as is_purchase,
        orders.order_id is null as is_orphan,
        products.product_id is null as is_unknown_product
    from keyed
    left join fct_orders as orders
        on keyed.order_id = orders.order_id
    left join products
        on keyed.product_id = products.product_id

)

select
    order_item_key,
    order_item_id,
    order_id,
    customer_id,
    ordered_at,
    order_date,
    product_id,
    quantity,
    unit_price,
    cast(cast(quantity as decimal(19, 4)) * unit_price as decimal(38, 4)) as gross_amount,
    discount_amount,
    cast(cast(quantity as decimal(19, 4)) * unit_price as decimal(38, 4)) - discount_amount
        as net_amount_before_refund,
    cast(cast(quantity as decimal(19, 4)) * unit_cost as decimal(38, 4)) as cost_amount,
    is_purchase,
    is_orphan,
    is_unknown_product
from priced;
