-- What every model was worth at past cut-offs.
select
    activity,
    horizon_days,
    model_name,
    cutoff_date,
    auc,
    brier,
    ece,
    lift_at_10pct
from mart_churn_evaluation
order by activity, horizon_days, cutoff_date, auc desc nulls last, model_name
