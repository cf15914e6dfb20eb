-- The vocabulary that the run uses, the shop's own or the one that ships, so that both are held to the same key.
with

vocabulary as (

    select * from {{ dovecote.event_vocabulary() }}

),

final as (

    select
        lower(trim(event_type)) as event_type,
        lower(trim(canonical_type)) as canonical_type
    from vocabulary

)

select * from final
