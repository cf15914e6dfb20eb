-- The fits that scores may rest on: identified ones on enough customers, repeats and history; and why the others not.
with

fits as (

    select * from {{ ref("dovecote", "ml_churn__fits") }}
    where is_used and model_name in ({{ dovecote.quoted_list(dovecote.purchase_models()) }})

),

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}

),

final as (

    select
        fits.activity,
        fits.cutoff_date,
        fits.model_name,
        fits.r,
        fits.alpha,
        fits.a,
        fits.b,
        fits.s,
        fits.beta,
        fits.log_likelihood,
        case
            when fits.customers < {{ var("dovecote_churn_min_customers") }} then 'too_few_customers'
            when fits.repeat_customers < {{ var("dovecote_churn_min_repeat_customers") }} then 'too_few_repeat_customers'
            when
                {{ dovecote.days_between("spans.first_date", "fits.cutoff_date") }} + 1
                < {{ var("dovecote_churn_min_history_days") }} then 'too_short_history'
            when fits.status not in ('converged', 'boundary') then 'model_not_identified'
            else 'eligible'
        end as eligibility
    from fits
    inner join spans
        on fits.activity = spans.activity

)

select * from final
