-- The names that the run uses, the shop's own or those that ship, so that both are held to the same key.
with

segments as (

    select * from {{ dovecote.rfm_segments() }}

),

final as (

    select
        cast(r_score as integer) as r_score,
        cast(f_score as integer) as f_score,
        cast(rfm_segment as string) as rfm_segment
    from segments

)

select * from final
