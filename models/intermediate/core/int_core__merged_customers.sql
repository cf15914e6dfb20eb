-- Accounts that were merged later than a past cut-off were others then; an undated merge is known now only.
with

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

merged_accounts as (

    select * from {{ ref("dovecote", "stg_customer_merges") }}

),

final as (

    select
        customer_merges.customer_id,
        max(
            coalesce({{ dovecote.local_date("merged_accounts.merged_at") }}, date '9999-12-31')
        ) as known_from_date
    from customer_merges
    inner join merged_accounts
        on customer_merges.from_customer_id = merged_accounts.from_customer_id
    group by customer_merges.customer_id

)

select * from final
