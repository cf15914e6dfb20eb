{#
    Where Dovecote's tables go: the layer's schema after the var dovecote_schema_prefix. dbt asks a package's own
    macro for the package's models only, and a dbt_project.yml does not see vars of another one. A project's own
    generate_schema_name still has the last word.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set layer = var('dovecote_schema_prefix') ~ custom_schema_name if custom_schema_name else none -%}
    {%- set own_macros = context.get(project_name, {}) -%}
    {%- if project_name != 'dovecote' and 'generate_schema_name' in own_macros -%}
        {{ own_macros['generate_schema_name'](layer, node) }}
    {%- else -%}
        {{ default__generate_schema_name(layer, node) }}
    {%- endif -%}
{%- endmacro %}
