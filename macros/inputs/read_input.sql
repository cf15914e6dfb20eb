{#
    Where an entity comes from. The mode is one for the whole run:

    folder  DOVECOTE_DATA names a folder with <entity>.csv, .jsonl, .parquet or a folder <entity>/ of these
    vars    dovecote_<entity> names a model or source of the installing project
    demo    neither is set: the demo shop in seeds/demo
#}
{% macro input_folder() %}
    {{- return(env_var('DOVECOTE_DATA', '') | trim) -}}
{% endmacro %}


{# Where the inputs of this run come from: folder, vars or demo. #}
{% macro input_mode() %}
    {%- if dovecote.input_folder() -%} {{- return('folder') -}}
    {%- elif var('dovecote_orders') -%} {{- return('vars') -}}
    {%- else -%} {{- return('demo') -}}
    {%- endif -%}
{% endmacro %}


{# The relation of an entity in the modes vars and demo; none where the entity is absent. #}
{% macro input_relation(entity) %}
    {%- if dovecote.input_mode() == 'demo' -%} {{- return(ref('dovecote', 'demo_' ~ entity)) -}} {%- endif -%}
    {%- set name = var('dovecote_' ~ entity) -%}
    {%- if not name -%} {{- return(none) -}} {%- endif -%}
    {%- set parts = name.split('.') -%}
    {{- return(source(parts[0], parts[1]) if parts | length == 2 else ref(project_name, name)) -}}
{% endmacro %}


{#
    The rows of an entity as they are: every column of the definition (null where the input has none),
    text unless the input is typed already, and where each row stands.

    x_columns         the input's columns that start with x_, as JSON
    source_name       the file or relation
    source_position   record or line in the file; null for relations
    malformed_reason  why a line of a file is no record, or that the row's person is forgotten; null for records
    malformed_line    the text of such a line
    line_count        physical lines that the row takes in its file
#}
{% macro read_input(entity) %}
    {%- set mode = dovecote.input_mode() -%}
    {%- set relation = dovecote.input_relation(entity) if mode != 'folder' else none -%}
    {%- if mode == 'folder' and execute -%}
        {{ dovecote.read_files(entity) }}
    {%- elif relation is not none and execute -%}
        {%- set columns = adapter.get_columns_in_relation(relation) -%}
        {%- set found = {} -%}
        {%- for column in columns -%} {%- do found.update({column.name | lower: column.dtype}) -%} {%- endfor -%}
        {%- if found -%}
            {%- do dovecote.require_columns(entity, found.keys() | list, relation.render()) -%}
        {%- endif -%}
        {%- set rows -%}
select
    {{ dovecote.entity_columns(entity, found) }},
    cast('{{ relation.identifier }}' as string) as source_name,
    cast(null as string) as source_position,
    cast(null as string) as malformed_reason,
    cast(null as string) as malformed_line,
    1 as line_count
from {{ relation }} as input
        {%- endset -%}
        {{ dovecote.protected(entity, rows) }}
    {%- else -%}
        {{ dovecote.no_rows(entity) }}
    {%- endif -%}
{% endmacro %}


{# An entity that is absent: its columns, without a row. #}
{% macro no_rows(entity) %}
select
    {{ dovecote.entity_columns(entity, {}) }},
    cast(null as string) as source_name,
    cast(null as string) as source_position,
    cast(null as string) as malformed_reason,
    cast(null as string) as malformed_line,
    1 as line_count
where 1 = 0
{%- endmacro %}


{# The select list of an entity, given the columns found in its input and their types. #}
{% macro entity_columns(entity, found) %}
    {%- set columns = dovecote.input_entities()[entity]["columns"] -%}
    {%- set expressions = [] -%}
    {%- for name, kind in columns.items() -%}
        {%- if name not in found -%}
            {%- do expressions.append("cast(null as string) as " ~ name) -%}
        {%- elif dovecote.is_native(kind, found[name]) -%}
            {%- do expressions.append('input."' ~ name ~ '"' ~ " as " ~ name if target.type == 'duckdb' else "input." ~ name) -%}
        {%- elif found[name] | upper == 'TIMESTAMP WITH TIME ZONE' -%}
            {%- do expressions.append("timezone('UTC', input." ~ name ~ ") as " ~ name) -%}
        {%- else -%}
            {%- do expressions.append("trim(cast(input." ~ name ~ " as string)) as " ~ name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set quoted = [] -%}
    {%- for name in found.keys() | sort if name.startswith('x_') -%}
        {%- do quoted.append('input."' ~ name | replace('"', '""') ~ '"') -%}
    {%- endfor -%}
    {%- if quoted -%}
        {%- do expressions.append(dovecote.columns_as_json(quoted) ~ " as x_columns") -%}
    {%- else -%}
        {%- do expressions.append("cast(null as string) as x_columns") -%}
    {%- endif -%}
    {{- expressions | join(',\n    ') -}}
{% endmacro %}


{# Stops the run where an entity that is present lacks a column it cannot do without. #}
{% macro require_columns(entity, found, where_from) %}
    {%- set definition = dovecote.input_entities()[entity] -%}
    {%- set missing = [] -%}
    {%- for name in definition["required"] + definition["must_exist"] -%}
        {%- if name not in found -%} {%- do missing.append(name) -%} {%- endif -%}
    {%- endfor -%}
    {%- if missing -%}
        {%- do dovecote.stop(
            where_from ~ " has no column " ~ missing | join(', ') ~ " (it has: " ~ found | join(', ') | truncate(300) ~ "); "
            ~ ("its columns look separated by another character than '" ~ var('dovecote_csv_delimiter') ~ "': set the var dovecote_csv_delimiter." if found | length == 1 and modules.re.search('[;,\t|]', found[0])
               else "rename or add the column.")
        ) -%}
    {%- endif -%}
{% endmacro %}


{# Every error of Dovecote's own: one sentence that names what is wrong and the cure. #}
{% macro stop(sentence) %}
    {%- do dovecote.record_stop(sentence) -%}
    {{- exceptions.raise_compiler_error("Dovecote: " ~ sentence) -}}
{% endmacro %}
