-- What this version is, and what it was set to.
select
    published_version.version,
    published_version.built_at,
    published_version.as_of_date,
    builds.package_version,
    upper(builds.settings ->> 'dovecote_currency') as currency,
    builds.settings ->> 'dovecote_dashboard_customer_ids' = 'true' as shows_customer_ids,
    coalesce(
        try_cast(builds.settings ->> 'dovecote_alert_horizon_days' as integer),
        list_max(from_json(builds.settings -> 'dovecote_churn_horizons', '["integer"]'))
    ) as alert_horizon_days,
    getvariable('most_choices') as most_choices
from published_version
inner join mart_builds as builds
    on published_version.run_id = builds.run_id
