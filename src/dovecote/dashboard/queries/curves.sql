-- ROC and gain of the published model, and of recency alone, at the latest past cut-off.
select
    curves.activity,
    curves.horizon_days,
    curves.cutoff_date,
    curves.curve_name,
    curves.model_name,
    curves.point_index,
    curves.x,
    curves.y
from mart_churn_curves as curves
inner join mart_model_versions as models
    on
        curves.activity = models.activity
        and curves.horizon_days = models.horizon_days
        and (curves.model_name = models.model_name or curves.model_name = 'recency_base_rate')
where models.domain = 'churn' and models.is_published and curves.curve_name in ('roc', 'gain')
qualify
    dense_rank() over (partition by curves.activity, curves.horizon_days order by curves.cutoff_date desc) = 1
order by all
