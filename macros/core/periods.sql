{# The first day of the period of a grain (day, week, month) that holds a date. #}
{% macro period_start(grain, day) -%}
    {%- if grain == 'day' -%} {{ day }}
    {%- elif grain == 'month' -%} cast(date_trunc('month', {{ day }}) as date)
    {%- else -%}
        {%- do dovecote.check_choice('dovecote_week_start', dovecote.weekdays()) -%}
        {%- set shift = dovecote.weekdays().index(var('dovecote_week_start')) -%}
        {%- if shift == 0 -%} cast(date_trunc('week', {{ day }}) as date)
        {%- else -%} {{ dovecote.date_plus_days("cast(date_trunc('week', " ~ dovecote.date_plus_days(day, -shift) ~ ") as date)", shift) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# The first day of the period some periods later; the count may be an expression. #}
{% macro period_plus(grain, period_start, periods) -%}
    {%- if grain == 'day' -%} {{ dovecote.date_plus_days(period_start, periods) }}
    {%- elif grain == 'week' -%} {{ dovecote.date_plus_days(period_start, "7 * (" ~ periods ~ ")") }}
    {%- else -%} {{ dovecote.date_plus_months(period_start, periods) }}
    {%- endif -%}
{%- endmacro %}


{# The first day of the period after one, in a row that names its grain. #}
{% macro period_after(period_start) -%}
    case grain
        {%- for grain in dovecote.retention_choices()["grain"] %}
        when '{{ grain }}' then {{ dovecote.period_plus(grain, period_start, 1) }}
        {%- endfor %}
    end
{%- endmacro %}


{# How many periods lie between the first days of two periods. #}
{% macro periods_between(grain, earlier, later) -%}
    {%- if grain == 'day' -%} {{ dovecote.days_between(earlier, later) }}
    {%- elif grain == 'week' -%} cast({{ dovecote.days_between(earlier, later) }} / 7 as integer)
    {%- else -%} (12 * (year({{ later }}) - year({{ earlier }})) + month({{ later }}) - month({{ earlier }}))
    {%- endif -%}
{%- endmacro %}
