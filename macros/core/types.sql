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
        {{ dovecote.read_timestamp(value) }}
    {%- elif kind == 'integer' -%}
        {#- a cast alone would round 4.5 to a neighbour in silence -#}
        case
            when try_cast({{ value }} as decimal(18, 4)) = floor(try_cast({{ value }} as decimal(18, 4)))
                then try_cast(try_cast({{ value }} as decimal(18, 4)) as integer)
        end
    {%- elif kind == 'double' -%}
        case when abs(try_cast({{ value }} as double)) <= 1e300 then try_cast({{ value }} as double) end
    {%- elif kind == 'date' -%}
        cast({{ dovecote.read_timestamp(value) }} as date)
    {%- else -%}
        try_cast({{ value }} as {{ dovecote.sql_type(kind) }})
    {%- endif -%}
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


{# What stands for an id of the input under dovecote_pseudonymise. #}
{% macro pseudonym(id) -%}
    {{ dovecote.sha256(dovecote.salt() ~ " || " ~ dovecote.read_as("text", id)) }}
{%- endmacro %}
