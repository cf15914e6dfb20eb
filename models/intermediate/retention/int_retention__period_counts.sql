{{ config(
    materialized="summed_table",
    sums_people=true,
    sum_keys=["activity", "grain", "period_start"] + dovecote.person_attributes()
) }}
{%- set attributes = dovecote.person_attributes() %}

-- Who came, stayed and went, and what they spent, in every period in which somebody did. Nothing here knows as_of, so
-- that counts of some people can be added to those of others. Who goes is counted in the first period without them.
with

person_periods as (

    {%- for grain in dovecote.retention_choices()["grain"] %}
    select * from {{ dovecote.periods_of_persons(grain) }} as periods
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

person_attributes as (

    select * from {{ dovecote.counted("int_retention__person_attributes") }}

),

ordered as (

    select
        *,
        {{ dovecote.period_after("period_start") }} as next_period_start,
        lag(period_start) over history as previous_active_start,
        lag(net_revenue) over history as previous_revenue,
        lead(period_start) over history as next_active_start
    from person_periods
    window history as (partition by activity, grain, person_id order by period_start)

),

compared as (

    select
        *,
        previous_active_start is null as is_new,
        coalesce({{ dovecote.period_after("previous_active_start") }} = period_start, false) as is_returning,
        coalesce({{ dovecote.period_after("previous_active_start") }} < period_start, false) as is_resurrecting,
        coalesce(next_active_start > next_period_start, true) as is_going
    from ordered

),

-- Only months are broken down: a month is where a few customers of a country still say something.
attributed as (

    select
        {%- for attribute in attributes %}
        person_attributes.{{ attribute }},
        {%- endfor %}
        compared.*
    from compared
    left join person_attributes
        on case when compared.grain = 'month' then compared.person_id end = person_attributes.person_id

),

active as (

    select
        activity,
        grain,
        period_start,
        {{ attributes | join(",\n        ") }},
        count(*) as active_customers,
        count(*) filter (where is_new) as new_customers,
        count(*) filter (where is_returning) as returning_customers,
        count(*) filter (where is_resurrecting) as resurrecting_customers,
        0 as dormant_customers,
        sum(net_revenue) as revenue,
        sum(case when is_new then net_revenue else 0 end) as new_revenue,
        sum(case when is_resurrecting then net_revenue else 0 end) as resurrected_revenue,
        sum(case when is_returning then greatest(net_revenue - previous_revenue, 0) else 0 end) as expansion_revenue,
        sum(case when is_returning then greatest(previous_revenue - net_revenue, 0) else 0 end) as contraction_revenue,
        cast(0 as decimal(38, 4)) as churned_revenue
    from attributed
    group by activity, grain, period_start, {{ attributes | join(", ") }}

),

gone as (

    select
        activity,
        grain,
        next_period_start as period_start,
        {{ attributes | join(",\n        ") }},
        count(*) as dormant_customers,
        sum(net_revenue) as churned_revenue
    from attributed
    where is_going
    group by activity, grain, next_period_start, {{ attributes | join(", ") }}

),

counted as (

    select * from active

    union all

    select
        activity,
        grain,
        period_start,
        {{ attributes | join(",\n        ") }},
        0 as active_customers,
        0 as new_customers,
        0 as returning_customers,
        0 as resurrecting_customers,
        dormant_customers,
        0 as revenue,
        0 as new_revenue,
        0 as resurrected_revenue,
        0 as expansion_revenue,
        0 as contraction_revenue,
        churned_revenue
    from gone

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
