{# The instant as of which the run looks, where DOVECOTE_AS_OF sets one; '' where the data do. #}
{% macro fixed_as_of() %}
    {{- return(env_var('DOVECOTE_AS_OF', '') | trim) -}}
{% endmacro %}


{# When the run began, in UTC. #}
{% macro run_start() %}
    {{- return(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) -}}
{% endmacro %}


{# A text as an SQL literal; null where there is none. #}
{% macro literal_or_null(text) -%}
    {{ "'" ~ dovecote.quoted(text | string) ~ "'" if text else 'null' }}
{%- endmacro %}


{# The latest of some raw columns in all rows, of times up to an instant; as an aggregate. #}
{% macro latest_up_to(instant, relation, columns) -%}
    {%- set latest = [] -%}
    {%- for column in columns -%}
        {%- set value = dovecote.read_timestamp(relation ~ "." ~ column) -%}
        {%- do latest.append("max(case when " ~ value ~ " <= " ~ instant ~ " then " ~ value ~ " end)") -%}
    {%- endfor -%}
    {{ "greatest(" ~ latest | join(", ") ~ ")" if latest | length > 1 else latest[0] }}
{%- endmacro %}


{# A text with its quotes doubled, for use inside an SQL literal. #}
{% macro quoted(text) %}{{ return(text | replace("'", "''")) }}{% endmacro %}


{# Texts as a list of SQL literals, for use in an in (...), which takes no empty list. #}
{% macro quoted_list(texts) -%}
    {%- for text in texts -%}
        '{{ dovecote.quoted(text | string) }}'{{ ", " if not loop.last }}
    {%- else -%}
        null
    {%- endfor -%}
{%- endmacro %}


{# The reporting currency. Amounts of old are in the last build's, so one of changes cannot go on with another. #}
{% macro same_as_before(currency) -%}
    {%- if dovecote.scope() == 'changes' -%}
        case
            when {{ currency }} is distinct from (select reporting_currency from {{ dovecote.previous_relation("int_core__run") }})
                then {{ dovecote.error_function() }}('Dovecote: most orders are in another currency than in the last build: build with --full-refresh, or set dovecote_currency.')
            else {{ currency }}
        end
    {%- else -%}
        {{ currency }}
    {%- endif -%}
{%- endmacro %}
