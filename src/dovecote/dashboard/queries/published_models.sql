-- The model that is published for each activity and horizon.
select
    activity,
    horizon_days,
    model_name
from mart_model_versions
where domain = 'churn' and is_published
order by activity, horizon_days
