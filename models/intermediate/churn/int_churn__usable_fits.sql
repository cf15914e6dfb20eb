-- The fits that scores may rest on: identified ones on enough customers, repeats and history; and why the others not.
with

fits as (

    select * from {{ ref("dovecote", "ml_churn__fits") }}
    where is_used and model_name in ({{ dovecote.quoted_list(dovecote.purchase_models()) }})

),

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}

),

judged as (

    select
        fits.*,
        case
            when fits.customers < {{ var("dovecote_churn_min_customers") }} then 'too_few_customers'
            when
                fits.repeat_customers < {{ var("dovecote_churn_min_repeat_customers") }} then 'too_few_repeat_customers'
            when
                {{ dovecote.days_between("spans.first_date", "fits.cutoff_date") }} + 1
                < {{ var("dovecote_churn_min_history_days") }} then 'too_short_history'
            else 'eligible'
        end as data_eligibility
    from fits
    inner join spans
        on fits.activity = spans.activity

),

final as (

    select
        activity,
        cutoff_date,
        model_name,
        r,
        alpha,
        a,
        b,
        s,
        beta,
        log_likelihood,
        data_eligibility,
        case
            when data_eligibility = 'eligible' and status not in ('converged', 'boundary') then 'model_not_identified'
            else data_eligibility
        end as eligibility
    from judged

)

select * from final
