-- What the published model said at past cut-offs, and what came.
select
    calibration.activity,
    calibration.horizon_days,
    calibration.cutoff_date,
    calibration.calibration_bin,
    calibration.customers,
    calibration.mean_probability,
    calibration.observed_rate,
    calibration.ci_low,
    calibration.ci_high
from mart_churn_calibration as calibration
inner join mart_model_versions as models
    on
        calibration.model_name = models.model_name
        and calibration.activity = models.activity
        and calibration.horizon_days = models.horizon_days
where models.domain = 'churn' and models.is_published and calibration.customers > 0
order by all
