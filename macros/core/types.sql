{# The SQL type of each kind of input column. #}
{% macro sql_type(kind) %}
    {%- set types = {
        "text": "string",
        "code": "string",
        "timestamp": "timestamp",
        "date": "date",
        "money": "decimal(18, 4)",
        "rate": "decimal(18, 8)",
        "integer": "integer",
        "double": "double",
        "boolean": "boolean",
    } -%}
    {{- types[kind] -}}
{% endmacro %}


{# A raw value as its kind, null where it cannot be read as one. #}
{% macro read_as(kind, value) -%}
    {%- if kind == 'text' -%}
        nullif(trim(cast({{ value }} as string)), '')
    {%- elif kind == 'code' -%}
        upper(nullif(trim(cast({{ value }} as string)), ''))
    {%- elif kind == 'timestamp' -%}
        {{ adapter.dispatch('read_timestamp', 'dovecote')(value) }}
    {%- elif kind == 'integer' -%}
        {#- a cast alone would round 4.5 to a neighbour in silence -#}
        case
            when try_cast({{ value }} as decimal(18, 4)) = floor(try_cast({{ value }} as decimal(18, 4)))
                then try_cast(try_cast({{ value }} as decimal(18, 4)) as integer)
        end
    {%- elif kind == 'double' -%}
        case when abs(try_cast({{ value }} as double)) <= 1e300 then try_cast({{ value }} as double) end
    {%- elif kind == 'date' -%}
        cast({{ adapter.dispatch('read_timestamp', 'dovecote')(value) }} as date)
    {%- else -%}
        try_cast({{ value }} as {{ dovecote.sql_type(kind) }})
    {%- endif -%}
{%- endmacro %}

{#
    A plain cast to timestamp drops the offset of 10:00+02:00, so it goes through an instant. What the plain cast
    cannot read stays away from that: a zone's name in one row would also be taken for that of the rows after it.
    Infinity and years before 1 or after 9999 are no times.
#}
{% macro default__read_timestamp(value) -%}
    case
        when try_cast({{ value }} as timestamp) between timestamp '0001-01-01' and timestamp '9999-12-31'
            then timezone('UTC', try_cast({{ value }} as timestamptz))
    end
{%- endmacro %}

{% macro spark__read_timestamp(value) -%}
    try_cast({{ value }} as timestamp)
{%- endmacro %}


{# Whether a relation's column already has the kind's type, so that reading it as text would only cost. #}
{% macro is_native(kind, data_type) %}
    {%- set type = data_type | upper -%}
    {{ return(
        (kind in ('text', 'code') and type in ('VARCHAR', 'STRING', 'TEXT'))
        or (kind in ('timestamp', 'date') and type in ('TIMESTAMP', 'DATE'))
        or (kind in ('money', 'rate', 'integer', 'double') and (
            modules.re.match('DECIMAL.([0-9]|1[0-8]),', type) or type in ('TINYINT', 'SMALLINT', 'INTEGER', 'INT', 'BIGINT')
        ))
        or (kind == 'boolean' and type == 'BOOLEAN')
    ) }}
{% endmacro %}
