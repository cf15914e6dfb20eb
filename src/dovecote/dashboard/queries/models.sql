select
    domain,
    activity,
    horizon_days,
    model_name,
    training_customers
from mart_model_versions
where is_published
order by domain, activity, horizon_days
