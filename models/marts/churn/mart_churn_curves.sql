with

curves as (

    select * from {{ ref("dovecote", "ml_churn__curves") }}

),

final as (

    select
        cast(model_name as string) as model_name,
        cast(activity as string) as activity,
        cast(cutoff_date as date) as cutoff_date,
        cast(horizon_days as integer) as horizon_days,
        cast(curve_name as string) as curve_name,
        cast(point_index as integer) as point_index,
        cast(x as double) as x,
        cast(y as double) as y,
        cast(threshold as double) as threshold
    from curves

)

select * from final
