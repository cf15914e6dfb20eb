-- Which purchase model counts purchases: the one that makes the histories likeliest. The Pareto/NBD is graded beside
-- them, but says no day of the next purchase in closed form.
with

fits as (

    select * from {{ ref("dovecote", "int_churn__usable_fits") }}

),

final as (

    select
        activity,
        cutoff_date,
        model_name,
        r,
        alpha,
        eligibility,
        eligibility = 'eligible' as is_usable
    from fits
    where model_name in ('bg_nbd', 'mbg_nbd')
    qualify row_number() over (
        partition by activity, cutoff_date
        order by eligibility = 'eligible' desc, log_likelihood desc nulls last, model_name desc
    ) = 1

)

select * from final
