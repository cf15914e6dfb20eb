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
    The periods of a grain in which persons did something, as a summed table counts them, with `people` all of theirs; a
    day is a row of person_days.
#}
{% macro periods_of_persons(grain, people=none) -%}
    {%- set is_day = grain == "day" -%}
    (
        select
            '{{ grain }}' as grain,
            activity,
            person_id,
            {{ "activity_date as period_start" if is_day else "period_start" }},
            {{ "previous_activity_date as previous_period_start" if is_day else "previous_period_start" }},
            {{ "next_activity_date as next_period_start" if is_day else "next_period_start" }},
            {{ "first_entry_date as first_entry_start" if is_day else "first_entry_start" }},
            {{ "first_ever_entry_date as first_ever_entry_start" if is_day else "first_ever_entry_start" }},
            first_entry_at,
            orders,
            net_revenue,
            previous_net_revenue
        from {{ dovecote.counted("int_activity__person_days" if is_day else "int_activity__person_periods", people) }}
        {%- if not is_day %}
        where grain = '{{ grain }}'
        {%- endif %}
    )
{%- endmacro %}


{# The column of a period that names the one in which its person enters once and for all; none where many are entered. #}
{% macro only_entry(entry) %}
    {{ return({'first_time': 'first_entry_start', 'first_ever': 'first_ever_entry_start'}.get(entry)) }}
{% endmacro %}


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
    {%- set only_entry = dovecote.only_entry(entry) -%}
    {#- a period of who enters once by the calendar is counted by itself, and other ones with all periods of the person -#}
    {%- set all_of_people = "int_core__changed_people" -%}
    {%- set by_itself = only_entry and clock == "calendar" -%}
    {%- set told_apart_otherwise = "int_retention__changed_attributes" if attributes else none -%}
    {#- an order's own periods know what was bought in them; what visitors buy, or who buys by the hour, has to be found -#}
    {%- set periods_know_orders = activity == "order" and clock == "calendar" %}
select
    '{{ entry }}' as entry,
    '{{ return_rule }}' as return_rule,
    '{{ clock }}' as clock,
    '{{ grain }}' as grain,
    '{{ activity }}' as activity,
    *
from (
    with

    {% if by_itself -%}
    periods_of_activity as {{ dovecote.not_materialized() }} (

        {{ dovecote.periods_of_activity(activity, only_entry, clock, grain, attributes, told_apart_otherwise) }}

    ),

    {% endif -%}
    {% if not (by_itself and periods_know_orders) -%}
    members as {{ dovecote.not_materialized() }} (

        select * from (
            {{ dovecote.periods_of_activity(activity, only_entry, clock, grain, attributes, all_of_people) }}
        ) as periods_of_activity
        where first_entry_at is not null and period_start = cohort_start

    ),

    {% endif -%}

    {% if clock == "rolling_24h" -%}
    {{ dovecote.rolling_member_periods(activity, return_rule, grain, keys, max_periods) }}
    {%- elif only_entry -%}
    {{ dovecote.member_periods_of_only_entries(return_rule, grain, max_periods) }}
    {%- else -%}
    {{ dovecote.member_periods_of_entries(activity, return_rule, grain, keys, max_periods) }}
    {%- endif %},

    {% if not periods_know_orders -%}
    {{ dovecote.member_orders(clock, grain, keys, max_periods) }},

    {% endif -%}
    counted as (

        select
            {{ keys | join(", ") }},
            least(period_index, {{ max_periods }}) as period_index,
            count(*) filter (where period_index = 0 and is_new_period) as members,
            count(*) filter (
                where {{ "is_last" if return_rule == "on_or_after" else "is_new_period and period_index <= " ~ max_periods }}
            ) as returned,
            {%- if periods_know_orders %}
            sum(case when period_index <= {{ max_periods }} then orders else 0 end) as orders,
            sum(case when period_index <= {{ max_periods }} then net_revenue else 0 end) as net_revenue
            {%- else %}
            0 as orders,
            0 as net_revenue
            {%- endif %}
        from member_periods
        group by {{ keys | join(", ") }}, least(period_index, {{ max_periods }})
        {%- if not periods_know_orders %}

        union all

        select
            {{ keys | join(", ") }},
            period_index,
            0 as members,
            0 as returned,
            sum(orders) as orders,
            sum(net_revenue) as net_revenue
        from member_orders
        where period_index <= {{ max_periods }}
        group by {{ keys | join(", ") }}, period_index
        {%- endif %}

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
    having sum(members) > 0 or sum(returned) > 0 or sum(orders) > 0
) as counts
{%- endmacro %}


{# The periods of an activity as retention_counts reads them, each with what a cohort of it would be told apart by. #}
{% macro periods_of_activity(activity, only_entry, clock, grain, attributes, people) -%}
    select
        periods.*,
        {%- for attribute in dovecote.person_attributes() %}
        {{ "attributes." ~ attribute if attribute in attributes else "cast(null as string)" }} as {{ attribute }},
        {%- endfor %}
        {{ "periods." ~ (only_entry or "period_start") }} as cohort_start,
        {{ "date_trunc('hour', periods.first_entry_at)" if clock == "rolling_24h" else "cast(null as timestamp)" }} as entry_hour
    from {{ dovecote.periods_of_persons(grain, people) }} as periods
    {%- if attributes %}
    inner join {{ dovecote.counted("int_retention__person_attributes", "int_core__changed_people") }} as attributes
        on periods.person_id = attributes.person_id
    {%- endif %}
    where periods.activity = '{{ activity }}'
{%- endmacro %}

{#
    The CTE member_periods of retention_counts: a row of a member's period in which they did something, the first of
    which is_new_period, and one of which is_last. Who enters once finds the entry in the row of every period, so that
    nothing is joined.
#}
{% macro member_periods_of_only_entries(return_rule, grain, max_periods) -%}
    member_periods as {{ dovecote.not_materialized() }} (

        select
            *,
            {{ dovecote.periods_between(grain, "cohort_start", "period_start") }} as period_index,
            true as is_new_period,
            next_period_start is null as is_last
        from periods_of_activity
        where
            cohort_start <= period_start
            {%- if return_rule == "on" %}
            and {{ dovecote.period_plus(grain, "cohort_start", max_periods) }} >= period_start
            {%- endif %}

    )
{%- endmacro %}

{# The same where every period with an entry makes a member. #}
{% macro member_periods_of_entries(activity, return_rule, grain, keys, max_periods) -%}
    member_periods as {{ dovecote.not_materialized() }} (

        select
            {{ dovecote.each_of(keys, "members.{0}", ",\n            ") }},
            {{ dovecote.periods_between(grain, "members.cohort_start", "periods.period_start") }} as period_index,
            true as is_new_period,
            periods.next_period_start is null as is_last,
            periods.orders,
            periods.net_revenue
        from members
        inner join {{ dovecote.periods_of_persons(grain, "int_core__changed_people") }} as periods
            on members.person_id = periods.person_id
            and periods.activity = '{{ activity }}'
            and members.cohort_start <= periods.period_start
            {%- if return_rule == "on" %}
            and {{ dovecote.period_plus(grain, "members.cohort_start", max_periods) }} >= periods.period_start
            {%- endif %}

    )
{%- endmacro %}

{#
    The same by the rolling clock. A day holds actions of two periods at most, that of its first and that of its last,
    and the first may be that in which the person's last day ended.
#}
{% macro rolling_member_periods(activity, return_rule, grain, keys, max_periods) -%}
    {%- set hours = dovecote.rolling_hours()[grain] -%}
    member_days as (

        select
            {{ dovecote.each_of(keys, "members.{0}", ",\n            ") }},
            {{ dovecote.rolling_period("members.entry_hour", "days.previous_last_at", hours) }} as previous_index,
            {{ dovecote.rolling_period("members.entry_hour", "days.first_at", hours) }} as first_index,
            {{ dovecote.rolling_period("members.entry_hour", "days.last_at", hours) }} as last_index,
            days.next_activity_date is null as is_last_day
        from members
        inner join {{ dovecote.counted("int_activity__person_days", "int_core__changed_people") }} as days
            on members.person_id = days.person_id
            and days.activity = '{{ activity }}'
            and members.entry_hour <= days.last_at
            {%- if return_rule == "on" %}
            and {{ dovecote.instant_plus_hours("members.entry_hour", hours * (max_periods + 1)) }} > days.first_at
            {%- endif %}

    ),

    member_periods as (

        select
            {{ keys | join(", ") }},
            first_index as period_index,
            true as is_new_period,
            false as is_last
        from member_days
        where first_index >= 0 and coalesce(first_index > previous_index, true)

        union all

        select
            {{ keys | join(", ") }},
            last_index as period_index,
            true as is_new_period,
            false as is_last
        from member_days
        where last_index > first_index
        {%- if return_rule == "on_or_after" %}

        union all

        select
            {{ keys | join(", ") }},
            last_index as period_index,
            false as is_new_period,
            true as is_last
        from member_days
        where is_last_day
        {%- endif %}

    )
{%- endmacro %}

{# The CTE member_orders of retention_counts: what members bought, from their entry on. #}
{% macro member_orders(clock, grain, keys, max_periods) -%}
    member_orders as {{ dovecote.not_materialized() }} (
        {% if clock == "calendar" %}
        select
            {{ dovecote.each_of(keys, "members.{0}", ",\n            ") }},
            {{ dovecote.periods_between(grain, "members.cohort_start", "periods.period_start") }} as period_index,
            periods.orders,
            periods.net_revenue
        from members
        inner join {{ dovecote.periods_of_persons(grain, "int_core__changed_people") }} as periods
            on members.person_id = periods.person_id
            and periods.activity = 'order'
            and members.cohort_start <= periods.period_start
            and {{ dovecote.period_plus(grain, "members.cohort_start", max_periods) }} >= periods.period_start
        {% else %}
        {%- set hours = dovecote.rolling_hours()[grain] %}
        select
            {{ dovecote.each_of(keys, "members.{0}", ",\n            ") }},
            {{ dovecote.rolling_period("members.entry_hour", "purchases.ordered_at", hours) }} as period_index,
            1 as orders,
            purchases.net_amount as net_revenue
        from members
        inner join {{ dovecote.counted("int_core__purchases", "int_core__changed_people") }} as purchases
            on members.person_id = purchases.customer_id
            and members.first_entry_at <= purchases.ordered_at
            and {{ dovecote.instant_plus_hours("members.entry_hour", hours * (max_periods + 1)) }} > purchases.ordered_at
        {% endif %}
    )
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
