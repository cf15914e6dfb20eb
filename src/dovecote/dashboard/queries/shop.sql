-- What this version is, and how far it goes.
select
    published_version.version,
    published_version.built_at,
    published_version.as_of,
    published_version.as_of_date,
    builds.package_version,
    sales.first_order_date,
    sales.orders,
    sales.customers,
    sales.guest_orders,
    sales.currency,
    builds.settings ->> 'dovecote_dashboard_customer_ids' = 'true' as shows_customer_ids,
    coalesce(
        try_cast(builds.settings ->> 'dovecote_alert_horizon_days' as integer),
        list_max(from_json(builds.settings -> 'dovecote_churn_horizons', '["integer"]'))
    ) as alert_horizon_days
from published_version
inner join mart_builds as builds
    on published_version.run_id = builds.run_id
cross join (
    select
        min(order_date) as first_order_date,
        count(*) as orders,
        count(distinct customer_id) as customers,
        count(*) filter (where is_guest) as guest_orders,
        mode(currency) filter (where rate_to_reporting = 1) as currency
    from fct_orders
    where is_purchase and not is_excluded
) as sales
