select
    domain,
    activity,
    horizon_days,
    model_name,
    trained_to_date,
    training_customers
from mart_model_versions
where is_published
order by domain, activity, horizon_days
