with

facts as (

    select * from {{ ref("dovecote", "int_churn__facts_at_cutoffs") }}

),

final as (

    select
        activity,
        fit_date,
        cutoff_date,
        horizon_days,
        customer_id,
        is_in_sample,
        {%- for feature in dovecote.churn_features() %}
        cast({{ feature.value }} as double) as {{ feature.name }},
        {%- endfor %}
        is_churned
    from facts

)

select * from final
