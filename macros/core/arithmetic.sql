{# One count or amount over another as a double; null over nothing. #}
{% macro ratio(part, whole) -%}
    cast(({{ part }}) / cast(nullif({{ whole }}, 0) as double) as double)
{%- endmacro %}


{#
    An amount of the input in the reporting currency, by the row's rate. Wider before it is multiplied:
    the product of two decimals of 18 digits overflows at a million.
#}
{% macro in_reporting_currency(amount, rate="rate_to_reporting") -%}
    {{ adapter.dispatch('in_reporting_currency', 'dovecote')(amount, rate) }}
{%- endmacro %}

{# Most amounts are in it already or small: what is wider than 18 digits is dear, and to round it dearest. #}
{% macro default__in_reporting_currency(amount, rate) -%}
    case
        when {{ rate }} = 1 then cast({{ amount }} as decimal(18, 4))
        when {{ amount }} between -99999 and 99999 and {{ rate }} < 10
            then cast(cast({{ amount }} as decimal(9, 4)) * cast({{ rate }} as decimal(9, 8)) as decimal(18, 4))
        else cast(cast({{ amount }} as decimal(26, 4)) * {{ rate }} as decimal(18, 4))
    end
{%- endmacro %}

{# Spark's product is as wide as both, and would be rounded on the way if it were wider than 38 digits. #}
{% macro spark__in_reporting_currency(amount, rate) -%}
    cast(cast({{ amount }} as decimal(18, 4)) * cast({{ rate }} as decimal(18, 8)) as decimal(18, 4))
{%- endmacro %}


{# A price of one unit times the line's quantity. #}
{% macro line_amount(unit_amount) -%}
    cast(cast(quantity as decimal(19, 4)) * {{ unit_amount }} as decimal(38, 4))
{%- endmacro %}
