-- Since when each customer was known to be one, and whether its past is looked at. Accounts that were merged later
-- than a past cut-off were others then; an undated merge is known now only.
with

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}
    where not is_excluded

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

merged_accounts as (

    select * from {{ ref("dovecote", "stg_customer_merges") }}

),

known_since as (

    select
        customer_merges.customer_id,
        max(
            coalesce({{ dovecote.local_date("merged_accounts.merged_at") }}, date '9999-12-31')
        ) as known_from_date
    from customer_merges
    inner join merged_accounts
        on customer_merges.from_customer_id = merged_accounts.from_customer_id
    group by customer_merges.customer_id

),

final as (

    select
        customers.customer_id,
        known_since.known_from_date,
        row_number() over (
            order by md5(customers.customer_id), customers.customer_id
        ) <= {{ dovecote.sample_customers() }} as is_in_sample
    from customers
    left join known_since
        on customers.customer_id = known_since.customer_id

)

select * from final
