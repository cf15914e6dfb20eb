-- Every customer that any input knows, under the id it stands for, with what is known of it. Of several
-- merged accounts the one that bears the id says the attributes, else the one created first.
with

customers as (

    select * from {{ ref("dovecote", "stg_customers") }}

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

merged_people as (

    select customer_id as person_id from customer_merges

),

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where not is_guest

),

first_events as (

    select * from {{ ref("dovecote", "int_core__first_events") }}

),

exclusions as (

    select * from {{ ref("dovecote", "int_core__exclusions") }}

),

owned as {{ dovecote.not_materialized() }} (

    select
        customers.*,
        coalesce(customer_merges.customer_id, customers.customer_id) as person_id
    from customers
    left join customer_merges
        on customers.customer_id = customer_merges.from_customer_id

),

-- Few accounts are merged: only these are put in an order.
accounts as (

    select
        *,
        1 as account_rank,
        created_at as first_created_at
    from owned
    where {{ dovecote.is_not_among("owned", "person_id", "merged_people") }}

    union all

    select
        *,
        row_number() over (
            partition by person_id
            order by person_id <> customer_id, created_at nulls last, customer_id
        ) as account_rank,
        min(created_at) over (partition by person_id) as first_created_at
    from owned
    where {{ dovecote.is_among("person_id", "merged_people", "person_id") }}

),

sightings as (

    select
        person_id as customer_id,
        first_created_at as seen_at
    from accounts
    where account_rank = 1

    union all

    select
        customer_id,
        min(ordered_at) as seen_at
    from orders
    group by customer_id

    union all

    select
        customer_id,
        first_event_at as seen_at
    from first_events

    union all

    select
        customer_id,
        cast(null as timestamp) as seen_at
    from exclusions

),

seen as (

    select
        customer_id,
        min(seen_at) as first_seen_at
    from sightings
    group by customer_id

),

final as (

    select
        seen.customer_id,
        seen.first_seen_at,
        {{ dovecote.local_date("seen.first_seen_at") }} as first_seen_date,
        accounts.first_created_at as created_at,
        accounts.acquisition_channel,
        accounts.country,
        accounts.city,
        accounts.birth_year,
        accounts.gender,
        accounts.interests,
        accounts.loyalty_tier,
        accounts.email_consent,
        accounts.sms_consent,
        accounts.push_consent,
        accounts.closed_at,
        accounts.closed_reason,
        accounts.person_id is not null as is_registered,
        exclusions.customer_id is not null as is_excluded,
        exclusions.exclusion_reason,
        accounts.x_columns
    from seen
    left join accounts
        on seen.customer_id = accounts.person_id and accounts.account_rank = 1
    left join exclusions
        on seen.customer_id = exclusions.customer_id

)

select * from final
