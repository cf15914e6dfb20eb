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

{# What cohorts can be split by, and the attributes of a person that it takes. #}
{% macro retention_breakdowns() %}
    {{ return({
        'none': [],
        'acquisition_channel': ['acquisition_channel'],
        'country': ['country'],
        'acquisition_channel_and_country': ['acquisition_channel', 'country'],
        'first_order_channel': ['first_order_channel'],
        'first_product_category': ['first_product_category'],
    }) }}
{% endmacro %}

{# The attributes of persons that some breakdowns take, in the order in which tables have them. #}
{% macro breakdown_attributes(breakdowns) %}
    {%- set attributes = [] -%}
    {%- for breakdown, taken in dovecote.retention_breakdowns().items() if breakdown in breakdowns -%}
        {%- for attribute in taken if attribute not in attributes -%} {%- do attributes.append(attribute) -%} {%- endfor -%}
    {%- endfor -%}
    {{ return(attributes) }}
{% endmacro %}

{# The attributes of persons that any breakdown takes. #}
{% macro person_attributes() %}
    {{ return(dovecote.breakdown_attributes(dovecote.retention_breakdowns())) }}
{% endmacro %}

{# The value of a breakdown, an expression of attributes. #}
{% macro breakdown_value(breakdown) -%}
    {{ dovecote.retention_breakdowns()[breakdown] | join(" || ', ' || ") or "'all'" }}
{%- endmacro %}


{# The combinations that hold a breakdown. #}
{% macro combinations_with(breakdown) %}
    {%- set found = [] -%}
    {%- for combination in dovecote.retention_combinations() if breakdown in combination.get('breakdowns', ['none']) -%}
        {%- do found.append(combination) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{# Whether a row is of one of some combinations. #}
{% macro is_of_combinations(combinations) -%}
    {%- for combination in combinations -%}
        {{ "or " if not loop.first }}(
            {%- for choice in dovecote.retention_choices() -%}
                {{ " and " if not loop.first }}{{ choice }} = '{{ combination[choice] }}'
            {%- endfor -%}
        )
    {%- else -%}
        1 = 0
    {%- endfor -%}
{%- endmacro %}


{# How many periods of members had ended at as_of, or with `begun` had begun, by the clock and grain of their row. #}
{% macro periods_at_as_of(begun=false) -%}
    case
        {%- for grain in dovecote.retention_choices()['grain'] %}
        {%- set as_of_period = dovecote.period_start(grain, "cast(run.as_of_local as date)") %}
        when clock = 'calendar' and grain = '{{ grain }}'
            then {{ dovecote.periods_between(grain, "cohort_start", as_of_period) }}
            {%- if begun %} + case when cast({{ as_of_period }} as timestamp) < run.as_of_local then 1 else 0 end {%- endif %}
        {%- endfor %}
        {%- for grain, hours in dovecote.rolling_hours().items() %}
        when clock = 'rolling_24h' and grain = '{{ grain }}'
            then cast({{ "ceil" if begun else "floor" }}({{ dovecote.microseconds_between("entry_hour", "run.as_of") }} / {{ hours * 3600 * 1000000 }}) as integer)
        {%- endfor %}
    end
{%- endmacro %}

{# The period of the rolling clock that an instant is in, counted from a full hour. #}
{% macro rolling_period(entry_hour, instant, hours) -%}
    cast(floor({{ dovecote.microseconds_between(entry_hour, instant) }} / {{ hours * 3600 * 1000000 }}) as integer)
{%- endmacro %}


{# The grains that the rolling clock counts, and the hours of their periods. #}
{% macro rolling_hours() %}
    {{ return({'day': 24, 'week': 168}) }}
{% endmacro %}


{#
    Of whom a build of changes counts weeks and months: of those for whom one is other. The rolling clock joins weeks
    with hours, and these are other for all changed people.
#}
{% macro people_of_periods() %}
    {%- for combination in dovecote.retention_combinations() if combination.clock == 'rolling_24h' and combination.grain != 'day' -%}
        {{ return('int_core__changed_people') }}
    {%- endfor -%}
    {{ return('int_retention__changed_people') }}
{% endmacro %}

{# The periods of a grain in which persons did something, as a summed table counts them; a day is a row of person_days. #}
{% macro periods_of_persons(grain) -%}
    {#- of whom they are counted, for dbt to know -#}
    {%- do ref('dovecote', 'int_retention__changed_people') -%}
    (
        select
            '{{ grain }}' as grain,
            activity,
            person_id,
            {{ "activity_date as period_start" if grain == "day" else "period_start" }},
            first_at,
            first_entry_at,
            is_first_action_entry,
            orders,
            net_revenue
        from {{ dovecote.counted("int_activity__person_days" if grain == "day" else "int_activity__person_periods") }}
        {%- if grain != "day" %}
        where grain = '{{ grain }}'
        {%- endif %}
    )
{%- endmacro %}


{#
    Who entered, came back and bought in one combination, by the attributes that its breakdowns take, cohort_start,
    entry_hour and period_index. Nothing here knows as_of, so that counts of some people can be added to those of others.

    A member is a person's entry, counted in its period 0. Its periods are counted from its entry: by the calendar from
    the first day of the cohort's period, or by the rolling clock from the entry's full hour. `returned` counts members
    who did something in the period, or by the rule on_or_after those who did so for the last time, at most at the last
    index that is asked for.
#}
{% macro retention_counts(activity, entry, return_rule, clock, grain, breakdowns) %}
    {%- set max_periods = var('dovecote_retention_max_periods')[grain] -%}
    {%- set attributes = dovecote.breakdown_attributes(breakdowns) -%}
    {%- set keys = dovecote.person_attributes() + ["cohort_start", "entry_hour"] -%}
    {%- set member_columns = ["person_id"] + keys %}
    {%- set returns = activity ~ "_periods" if clock == "calendar" else "action_periods" %}
select
    '{{ entry }}' as entry,
    '{{ return_rule }}' as return_rule,
    '{{ clock }}' as clock,
    '{{ grain }}' as grain,
    '{{ activity }}' as activity,
    *
from (
    with

    periods_of_activity as (

        select * from {{ dovecote.periods_of_persons(grain) }} as periods
        where activity = '{{ activity }}'

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
            {%- for attribute in dovecote.person_attributes() %}
            {{ "attributes." ~ attribute if attribute in attributes else "cast(null as string)" }} as {{ attribute }},
            {%- endfor %}
            entries.cohort_start,
            entries.entry_at,
            {{ "date_trunc('hour', entries.entry_at)" if clock == "rolling_24h" else "cast(null as timestamp)" }} as entry_hour
        from entries
        {%- if attributes %}
        inner join {{ dovecote.counted("int_retention__person_attributes") }} as attributes
            on entries.person_id = attributes.person_id
        {%- endif %}

    ),

    {% if clock == "calendar" -%}
    {% for done in [activity, "order"] | unique -%}
    {{ done }}_periods as (

        select
            {{ dovecote.each_of(member_columns, "members.{0}") }},
            {{ dovecote.periods_between(grain, "members.cohort_start", "periods.period_start") }} as period_index,
            periods.orders,
            periods.net_revenue
        from members
        inner join {{ dovecote.periods_of_persons(grain) }} as periods
            on members.person_id = periods.person_id
            and periods.activity = '{{ done }}'
            and members.cohort_start <= periods.period_start
            {%- if return_rule == "on" or done != activity %}
            and {{ dovecote.period_plus(grain, "members.cohort_start", max_periods) }} >= periods.period_start
            {%- endif %}

    ),

    {% endfor -%}
    {%- else -%}
    {%- set hours = dovecote.rolling_hours()[grain] -%}
    action_periods as (

        select distinct
            {{ dovecote.each_of(member_columns, "members.{0}") }},
            {{ dovecote.rolling_period("members.entry_hour", "hours.hour_start", hours) }} as period_index
        from members
        inner join {{ dovecote.counted("int_activity__person_hours") }} as hours
            on members.person_id = hours.person_id
            and hours.activity = '{{ activity }}'
            and members.entry_hour <= hours.hour_start
            {%- if return_rule == "on" %}
            and {{ dovecote.instant_plus_hours("members.entry_hour", hours * (max_periods + 1)) }} > hours.hour_start
            {%- endif %}

    ),

    order_periods as (

        select
            {{ dovecote.each_of(member_columns, "members.{0}") }},
            {{ dovecote.rolling_period("members.entry_hour", "purchases.ordered_at", hours) }} as period_index,
            1 as orders,
            purchases.net_amount as net_revenue
        from members
        inner join {{ dovecote.counted("int_core__purchases") }} as purchases
            on members.person_id = purchases.customer_id
            and members.entry_at <= purchases.ordered_at
            and {{ dovecote.instant_plus_hours("members.entry_hour", hours * (max_periods + 1)) }} > purchases.ordered_at

    ),

    {% endif -%}

    returns as (
        {% if return_rule == "on" %}
        select
            {{ keys | join(", ") }},
            period_index,
            count(*) as returned
        from {{ returns }}
        group by {{ keys | join(", ") }}, period_index
        {% else %}
        select
            {{ keys | join(", ") }},
            last_index as period_index,
            count(*) as returned
        from (
            select
                {{ member_columns | join(", ") }},
                least(max(period_index), {{ max_periods }}) as last_index
            from {{ returns }}
            group by {{ member_columns | join(", ") }}
        ) as last_returns
        group by {{ keys | join(", ") }}, last_index
        {% endif %}
    ),

    counted as (

        select
            {{ keys | join(", ") }},
            0 as period_index,
            count(*) as members,
            0 as returned,
            0 as orders,
            cast(0 as decimal(38, 4)) as net_revenue
        from members
        group by {{ keys | join(", ") }}

        union all

        select
            {{ keys | join(", ") }},
            period_index,
            0 as members,
            returned,
            0 as orders,
            cast(0 as decimal(38, 4)) as net_revenue
        from returns

        union all

        select
            {{ keys | join(", ") }},
            period_index,
            0 as members,
            0 as returned,
            sum(orders) as orders,
            cast(sum(net_revenue) as decimal(38, 4)) as net_revenue
        from order_periods
        where period_index <= {{ max_periods }}
        group by {{ keys | join(", ") }}, period_index

    )

    select
        {{ keys | join(", ") }},
        cast(period_index as integer) as period_index,
        cast(sum(members) as bigint) as members,
        cast(sum(returned) as bigint) as returned,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_revenue) as decimal(38, 4)) as net_revenue
    from counted
    group by {{ keys | join(", ") }}, period_index
) as counts
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
