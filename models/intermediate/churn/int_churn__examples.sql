{{ config(materialized="view") }}
{#- a view: what the fits select -#}

with

features as (

    select * from {{ ref("dovecote", "int_churn__features") }}
    where cutoff_date = fit_date and is_in_sample

),

final as (

    select
        activity,
        cutoff_date as snapshot_date,
        horizon_days,
        customer_id,
        {%- for feature in dovecote.churn_features() %}
        {{ feature.name }},
        {%- endfor %}
        is_churned
    from features

)

select * from final
