-- The risk that was published, day by day; of each day the latest green build.
with

green as (

    select
        run_id,
        as_of_date
    from mart_builds
    where is_green
    qualify row_number() over (partition by as_of_date order by started_at desc) = 1

)

select
    scores.as_of_date,
    scores.activity,
    scores.horizon_days,
    count(*) filter (where scores.risk_band = 'high') as high,
    count(*) filter (where scores.risk_band = 'medium') as medium,
    count(*) filter (where scores.risk_band = 'low') as low
from hist_churn_scores as scores
inner join green
    on scores.run_id = green.run_id and scores.as_of_date = green.as_of_date
group by all
order by all
