{{ config(materialized="view") }}
{#- a view: a selection for the fits -#}

with

features as (

    select * from {{ ref("dovecote", "int_churn__features") }}
    where is_churned is not null

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
