-- Whether spend can be predicted at each day that value is: a Gamma-Gamma model with q of 1 or less has no mean.
with

value_snapshots as (

    select * from {{ ref("dovecote", "int_churn__value_snapshots") }}

),

fits as (

    select * from {{ ref("dovecote", "ml_churn__fits") }}
    where is_used and model_name = 'gamma_gamma' and activity = 'order'

),

final as (

    select
        value_snapshots.snapshot_date as cutoff_date,
        fits.p,
        fits.q,
        fits.v,
        fits.status in ('converged', 'boundary') and fits.q > 1 as is_usable
    from value_snapshots
    inner join fits
        on value_snapshots.snapshot_date = fits.cutoff_date

)

select * from final
