-- Scores that were published, and what happened since.
select
    as_of_date,
    activity,
    horizon_days,
    least(floor(churn_probability * 10), 9) / 10 as probability_from,
    count(*) as customers,
    avg(churn_probability) as mean_probability,
    avg(cast(is_churned as integer)) as churned_share
from mart_churn_scores_graded
where churn_probability is not null
group by all
order by all
