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
