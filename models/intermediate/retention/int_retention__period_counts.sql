{{ config(
    materialized="summed_table",
    sum_keys=["activity", "grain", "period_start"] + dovecote.person_attributes(),
    sums_people={
        "int_activity__person_periods": ["int_retention__changed_attributes"],
        "int_retention__person_attributes": ["int_core__changed_people"],
    }
) }}
{%- set attributes = dovecote.person_attributes() %}
{%- set person_attributes = dovecote.counted("int_retention__person_attributes", "int_core__changed_people") %}

-- Who came, stayed and went, and what they spent, in every period in which somebody did. Nothing here knows as_of, so
-- that counts of some people can be added to those of others. Who goes is counted in the first period without them.
-- Only months are broken down: a month is where a few customers of a country still say something.
with

{% for grain in dovecote.retention_choices()["grain"] -%}
{{ grain }}s as {{ dovecote.not_materialized() }} (

    select
        *,
        {{ dovecote.period_plus(grain, "period_start", 1) }} as period_after,
        {{ dovecote.period_plus(grain, "previous_period_start", 1) }} as period_after_previous
    from {{ dovecote.periods_of_persons(grain, "int_retention__changed_attributes" if grain == "month") }} as periods

),

{% endfor -%}
attributed as {{ dovecote.not_materialized() }} (

    select
        {{ dovecote.each_of(attributes, "cast(null as string) as {0}", ",\n        ") }},
        days.*
    from days

    union all

    select
        {{ dovecote.each_of(attributes, "cast(null as string) as {0}", ",\n        ") }},
        weeks.*
    from weeks

    union all

    select
        {{ dovecote.each_of(attributes, "person_attributes.{0}", ",\n        ") }},
        months.*
    from months
    left join {{ person_attributes }} as person_attributes
        on months.person_id = person_attributes.person_id

),

compared as {{ dovecote.not_materialized() }} (

    select
        *,
        previous_period_start is null as is_new,
        coalesce(period_after_previous = period_start, false) as is_returning,
        coalesce(period_after_previous < period_start, false) as is_resurrecting,
        coalesce(next_period_start > period_after, true) as is_going,
        net_revenue - previous_net_revenue as revenue_change
    from attributed

),

-- Who goes is known by the period before.
active as (

    select
        activity,
        grain,
        period_start,
        period_after,
        {{ attributes | join(",\n        ") }},
        count(*) as active_customers,
        count(*) filter (where is_new) as new_customers,
        count(*) filter (where is_returning) as returning_customers,
        count(*) filter (where is_resurrecting) as resurrecting_customers,
        count(*) filter (where is_going) as going_customers,
        sum(net_revenue) as revenue,
        sum(case when is_new then net_revenue else 0 end) as new_revenue,
        sum(case when is_resurrecting then net_revenue else 0 end) as resurrected_revenue,
        sum(case when is_returning then greatest(revenue_change, 0) else 0 end) as expansion_revenue,
        sum(case when is_returning then greatest(-revenue_change, 0) else 0 end) as contraction_revenue,
        sum(case when is_going then net_revenue else 0 end) as going_revenue
    from compared
    group by activity, grain, period_start, period_after, {{ attributes | join(", ") }}

),

counted as (

    select
        *,
        0 as dormant_customers,
        0 as churned_revenue
    from active

    union all

    select
        activity,
        grain,
        period_after as period_start,
        period_after,
        {{ attributes | join(",\n        ") }},
        0 as active_customers,
        0 as new_customers,
        0 as returning_customers,
        0 as resurrecting_customers,
        0 as going_customers,
        0 as revenue,
        0 as new_revenue,
        0 as resurrected_revenue,
        0 as expansion_revenue,
        0 as contraction_revenue,
        0 as going_revenue,
        going_customers as dormant_customers,
        going_revenue as churned_revenue
    from active
    where going_customers > 0

),

final as (

    select
        activity,
        grain,
        period_start,
        {{ attributes | join(",\n        ") }},
        {%- for kind in ["active", "new", "returning", "resurrecting", "dormant"] %}
        cast(sum({{ kind }}_customers) as bigint) as {{ kind }}_customers,
        {%- endfor %}
        {%- for kind in ["new", "resurrected", "expansion", "contraction", "churned"] %}
        cast(sum({{ kind }}_revenue) as decimal(38, 4)) as {{ kind }}_revenue,
        {%- endfor %}
        cast(sum(revenue) as decimal(38, 4)) as revenue
    from counted
    group by activity, grain, period_start, {{ attributes | join(", ") }}

)

select * from final
