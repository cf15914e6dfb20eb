{# The combinations that mart_retention holds. #}
{% macro retention_combinations() %}
    {%- set combinations = var('dovecote_retention_combinations') -%}
    {%- if combinations is string or combinations is not sequence or not combinations or combinations | reject('mapping') | list -%}
        {%- do dovecote.stop("dovecote_retention_combinations is " ~ combinations ~ ": give a list with at least one entry, each with activity, entry, return_rule, clock and grain.") -%}
    {%- endif -%}
    {{ return(combinations) }}
{% endmacro %}


{# The condition on an action of an activity that lets it open a cohort. #}
{% macro entry_filter(activity) %}
    {%- set filters = var('dovecote_retention_entry_filters') -%}
    {%- if filters is not mapping -%}
        {%- do dovecote.stop("dovecote_retention_entry_filters is '" ~ filters ~ "': give an SQL condition for order, visit or both, such as {visit: \"event_type = 'view'\"}.") -%}
    {%- endif -%}
    {{- return(filters.get(activity, 'true')) -}}
{% endmacro %}


{# The choices that a combination is made of. #}
{% macro retention_choices() %}
    {{ return({
        'activity': ['order', 'visit'],
        'entry': ['recurring', 'first_time', 'first_ever'],
        'return_rule': ['on', 'on_or_after'],
        'clock': ['calendar', 'rolling_24h'],
        'grain': ['day', 'week', 'month'],
    }) }}
{% endmacro %}

{# What cohorts can be split by. #}
{% macro retention_breakdowns() %}
    {{ return(['none', 'acquisition_channel', 'country', 'acquisition_channel_and_country', 'first_order_channel', 'first_product_category']) }}
{% endmacro %}


{#
    The retention cells of one combination, counts only: breakdown x breakdown_value x cohort_start x period_index.

    A member is a person's entry. Its periods are counted from its entry: by the calendar from the first day of
    the cohort's period, or by the rolling clock from the entry's full hour. full_periods of them had ended at
    as_of, begun_periods had begun; a cell counts members whose period had ended, so that young members never
    look lost.
#}
{% macro retention_cells(activity, entry, return_rule, clock, grain, breakdowns) %}
    {%- set max_periods = var('dovecote_retention_max_periods')[grain] -%}
    {%- set hours = {'day': 24, 'week': 168}.get(grain, 0) -%}
    {%- set period_microseconds = hours * 3600 * 1000000 %}
select
    '{{ entry }}' as entry,
    '{{ return_rule }}' as return_rule,
    '{{ clock }}' as clock,
    '{{ grain }}' as grain,
    '{{ activity }}' as activity,
    *
from (
    with

    run as (

        select * from {{ ref("dovecote", "int_core__run") }}

    ),

    periods_of_activity as (

        select * from {{ ref("dovecote", "int_activity__person_periods") }}
        where activity = '{{ activity }}' and grain = '{{ grain }}'

    ),

    entries as (

        select
            person_id,
            {%- if entry == "recurring" %}
            period_start as cohort_start,
            first_entry_at as entry_at
        from periods_of_activity
        where first_entry_at is not null
            {%- elif entry == "first_time" %}
            min(period_start) as cohort_start,
            min(first_entry_at) as entry_at
        from periods_of_activity
        where first_entry_at is not null
        group by person_id
            {%- else %}
            min(period_start) as cohort_start,
            min(first_at) as entry_at
        from periods_of_activity
        group by person_id
        having {{ dovecote.first_by("is_first_action_entry", ["period_start"]) }}
            {%- endif %}

    ),

    members as (

        select
            entries.person_id,
            entries.cohort_start,
            entries.entry_at,
            date_trunc('hour', entries.entry_at) as entry_hour,
            breakdowns.breakdown,
            breakdowns.breakdown_value,
            {%- if clock == "calendar" %}
            {%- set as_of_period = dovecote.period_start(grain, "cast(run.as_of_local as date)") %}
            {{ dovecote.periods_between(grain, "entries.cohort_start", as_of_period) }} as full_periods,
            {{ dovecote.periods_between(grain, "entries.cohort_start", as_of_period) }}
            + case when cast({{ as_of_period }} as timestamp) < run.as_of_local then 1 else 0 end as begun_periods
            {%- else %}
            {%- set age = dovecote.microseconds_between("date_trunc('hour', entries.entry_at)", "run.as_of") %}
            cast(floor({{ age }} / {{ period_microseconds }}) as integer) as full_periods,
            cast(ceil({{ age }} / {{ period_microseconds }}) as integer) as begun_periods
            {%- endif %}
        from entries
        cross join run
        inner join {{ ref("dovecote", "int_retention__person_breakdowns") }} as breakdowns
            on entries.person_id = breakdowns.person_id
        where breakdowns.breakdown in ('{{ breakdowns | join("', '") }}')

    ),

    cohorts as (

        select
            breakdown,
            breakdown_value,
            cohort_start,
            count(*) as cohort_size,
            max(begun_periods) as begun_periods
        from members
        group by breakdown, breakdown_value, cohort_start

    ),

    period_indexes as (

        select {{ dovecote.integers_from_to(0, max_periods) }} as period_index

    ),

    grid as (

        select
            cohorts.*,
            cast(period_indexes.period_index as integer) as period_index
        from cohorts
        inner join period_indexes
            on period_indexes.period_index < cohorts.begun_periods

    ),

    {% for counted in ["actions", "purchases"] -%}
    {{ counted }}_by_period as (

        {% if clock == "calendar" -%}
        select
            members.breakdown,
            members.breakdown_value,
            members.cohort_start,
            members.person_id,
            members.full_periods,
            {{ dovecote.periods_between(grain, "members.cohort_start", "periods.period_start") }} as period_index,
            periods.orders,
            periods.net_revenue
        from members
        inner join {{ ref("dovecote", "int_activity__person_periods") }} as periods
            on members.person_id = periods.person_id
            and periods.activity = '{{ activity if counted == "actions" else "order" }}'
            and periods.grain = '{{ grain }}'
            and members.cohort_start <= periods.period_start
            {%- if return_rule == "on" or counted == "purchases" %}
            and {{ dovecote.period_plus(grain, "members.cohort_start", max_periods) }} >= periods.period_start
            {%- endif %}
        {%- else -%}
        select
            members.breakdown,
            members.breakdown_value,
            members.cohort_start,
            members.person_id,
            members.full_periods,
            cast(
                floor({{ dovecote.microseconds_between("members.entry_hour", "actions.occurred_at") }} / {{ period_microseconds }}) as integer
            ) as period_index,
            sum(actions.orders) as orders,
            sum(actions.net_revenue) as net_revenue
        from members
        inner join {{ ref("dovecote", "int_activity__actions") }} as actions
            on members.person_id = actions.person_id
            and actions.activity = '{{ activity if counted == "actions" else "order" }}'
            and members.entry_at <= actions.occurred_at
            {%- if return_rule == "on" or counted == "purchases" %}
            and {{ dovecote.instant_plus_hours("members.entry_hour", hours * (max_periods + 1)) }} > actions.occurred_at
            {%- endif %}
        group by 1, 2, 3, 4, 5, 6
        {%- endif %}

    ),

    {% endfor -%}

    maturity as (

        select
            breakdown,
            breakdown_value,
            cohort_start,
            full_periods,
            count(*) as members
        from members
        group by breakdown, breakdown_value, cohort_start, full_periods

    ),

    mature as (

        select
            grid.breakdown,
            grid.breakdown_value,
            grid.cohort_start,
            grid.period_index,
            sum(maturity.members) as n_mature
        from grid
        inner join maturity
            on grid.breakdown = maturity.breakdown
            and grid.breakdown_value = maturity.breakdown_value
            and grid.cohort_start = maturity.cohort_start
            and grid.period_index < maturity.full_periods
        group by 1, 2, 3, 4

    ),

    {% if return_rule == "on_or_after" -%}
    last_returns as (

        select
            breakdown,
            breakdown_value,
            cohort_start,
            person_id,
            least(max(period_index), max(full_periods) - 1) as last_index
        from actions_by_period
        group by breakdown, breakdown_value, cohort_start, person_id

    ),

    last_return_counts as (

        select
            breakdown,
            breakdown_value,
            cohort_start,
            last_index,
            count(*) as members
        from last_returns
        group by breakdown, breakdown_value, cohort_start, last_index

    ),

    retained as (

        select
            grid.breakdown,
            grid.breakdown_value,
            grid.cohort_start,
            grid.period_index,
            sum(last_return_counts.members) as n_retained
        from grid
        inner join last_return_counts
            on grid.breakdown = last_return_counts.breakdown
            and grid.breakdown_value = last_return_counts.breakdown_value
            and grid.cohort_start = last_return_counts.cohort_start
            and grid.period_index <= last_return_counts.last_index
        group by 1, 2, 3, 4

    ),
    {%- else -%}
    retained as (

        select
            breakdown,
            breakdown_value,
            cohort_start,
            period_index,
            count(*) as n_retained
        from actions_by_period
        where period_index < full_periods
        group by breakdown, breakdown_value, cohort_start, period_index

    ),
    {%- endif %}

    revenue as (

        select
            breakdown,
            breakdown_value,
            cohort_start,
            period_index,
            sum(orders) as orders,
            sum(net_revenue) as net_revenue
        from purchases_by_period
        where period_index < full_periods
        group by breakdown, breakdown_value, cohort_start, period_index

    )

    select
        grid.breakdown,
        grid.breakdown_value,
        grid.cohort_start,
        grid.period_index,
        grid.cohort_size,
        coalesce(mature.n_mature, 0) as n_mature,
        case when mature.n_mature > 0 then coalesce(retained.n_retained, 0) end as n_retained,
        case when mature.n_mature > 0 then coalesce(revenue.orders, 0) end as orders,
        case when mature.n_mature > 0 then coalesce(revenue.net_revenue, 0) end as net_revenue
    from grid
    {%- for counts in ["mature", "retained", "revenue"] %}
    left join {{ counts }}
        on grid.breakdown = {{ counts }}.breakdown
        and grid.breakdown_value = {{ counts }}.breakdown_value
        and grid.cohort_start = {{ counts }}.cohort_start
        and grid.period_index = {{ counts }}.period_index
    {%- endfor %}
) as cells
{%- endmacro %}


{# The ends of Wilson's 95% interval of a proportion (Wilson 1927); null where there are no trials. #}
{% macro wilson_bound(side, successes, trials) -%}
    {%- set z = 1.959963984540054 -%}
    cast(
        (cast({{ successes }} as double) + {{ z * z / 2 }}) / ({{ trials }} + {{ z * z }})
        {{ "-" if side == "low" else "+" }} {{ z }} * sqrt(
            ({{ successes }} * ({{ trials }} - {{ successes }})) / cast(nullif({{ trials }}, 0) as double) + {{ z * z / 4 }}
        ) / ({{ trials }} + {{ z * z }}) as double
    )
{%- endmacro %}
