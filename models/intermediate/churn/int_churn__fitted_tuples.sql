{{ config(materialized="view") }}
{#- a view: read once, by the fit -#}

with

tuples as (

    select * from {{ ref("dovecote", "int_churn__tuples") }}

),

cutoffs as (

    select * from {{ ref("dovecote", "int_churn__cutoffs") }}
    where fit_date = cutoff_date

),

final as (

    select
        tuples.activity,
        tuples.cutoff_date,
        tuples.repeat_days,
        tuples.first_to_last_days,
        tuples.age_days,
        tuples.customers
    from tuples
    inner join cutoffs
        on tuples.activity = cutoffs.activity and tuples.cutoff_date = cutoffs.cutoff_date

)

select * from final
