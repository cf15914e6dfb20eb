-- The policy that the run uses, the shop's own or the one that ships, so that both are held to the same key.
with

policy as (

    select * from {{ dovecote.order_status_policy() }}

),

final as (

    select
        lower(trim(status)) as status,
        cast(counts_as_purchase as boolean) as counts_as_purchase
    from policy

)

select * from final
