-- What every model was worth at past cut-offs, and by how much it could be by chance.
select
    activity,
    horizon_days,
    model_name,
    cutoff_date,
    customers,
    base_rate,
    mean_probability,
    auc,
    auc_low,
    auc_high,
    brier,
    ece,
    lift_at_10pct
from mart_churn_evaluation
order by activity, horizon_days, cutoff_date, auc desc nulls last, model_name
