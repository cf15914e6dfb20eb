{#
    Reading files. The dialect of CSV is pinned (comma or dovecote_csv_delimiter, double quotes, header):
    a guessed one would change which rows are accepted when a single quote is unbalanced.
#}

{# The files of an entity as this run found them first, sorted: [{"path": ..., "name": ..., "format": csv, jsonl or parquet}]. #}
{% macro entity_files(entity) %}
    {%- set known = dovecote.known_to_run() -%}
    {%- if entity not in known["files"] -%} {%- do known["files"].update({entity: dovecote.found_entity_files(entity)}) -%} {%- endif -%}
    {{ return(known["files"][entity]) }}
{% endmacro %}

{# The files of an entity that are there now. #}
{% macro found_entity_files(entity) %}
    {%- set folder = dovecote.input_folder().rstrip('/') -%}
    {%- set files = [] -%}
    {%- for path in dovecote.paths_of_entity(folder, entity) -%}
        {%- set name = path[folder | length + 1:] -%}
        {%- set base = name.split('/')[-1] -%}
        {%- set format = {'ndjson': 'jsonl'}.get(base.split('.')[-1] | lower, base.split('.')[-1] | lower) -%}
        {%- if not modules.re.search('(^|/)[._]', name) -%}
            {%- if format not in ['csv', 'jsonl', 'parquet'] -%}
                {%- do dovecote.stop(path ~ " is none of .csv, .jsonl and .parquet: convert it, or take it out of the folder.") -%}
            {%- elif dovecote.is_pattern(path) -%}
                {%- do dovecote.stop(path ~ " has one of * ? [ ] { } in its name, which is read as a pattern: rename it.") -%}
            {%- endif -%}
            {%- do files.append({"path": path, "name": name, "format": format}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set names = files | map(attribute='name') | list -%}
    {%- set loose_files = [] -%}
    {%- for name in names if '/' not in name -%} {%- do loose_files.append(name) -%} {%- endfor -%}
    {%- if loose_files and names | length > 1 -%}
        {%- do dovecote.stop(folder ~ " holds " ~ entity ~ " more than once (" ~ names | join(', ') ~ "): keep one file, or put all parts into a folder " ~ entity ~ "/.") -%}
    {%- endif -%}
    {{ return(files) }}
{% endmacro %}


{# The paths of all files in a folder that bear an entity's name, or are in a folder of its name. #}
{% macro paths_of_entity(folder, entity) %}
    {{ return(adapter.dispatch('paths_of_entity', 'dovecote')(folder, entity)) }}
{% endmacro %}

{% macro default__paths_of_entity(folder, entity) %}
    {#- ** walks subfolders but skips symbolic links, * the other way round -#}
    {%- set start = dovecote.quoted(folder) ~ "/" ~ entity -%}
    {%- set found = run_query(
        "select file from glob('" ~ start ~ ".*') union select file from glob('" ~ start ~ "/*') union "
        ~ "select file from glob('" ~ start ~ "/**') order by file"
    ) -%}
    {%- set paths = [] -%}
    {%- for row in found.rows -%} {%- do paths.append(row[0] | replace('\\', '/')) -%} {%- endfor -%}
    {{ return(paths) }}
{% endmacro %}


{# Whether a path holds a character that DuckDB takes for a pattern of paths. #}
{% macro is_pattern(path) %}{{ return(modules.re.search('[*?{}\\[\\]]', path) is not none) }}{% endmacro %}


{# Whether a column of a file is read: one of the definition, or one to pass through. #}
{% macro is_read(entity, name) %}
    {{ return(name in dovecote.input_entities()[entity]["columns"] or name.startswith('x_')) }}
{% endmacro %}


{# The columns of one file and their types: {name: type}. #}
{% macro file_columns(file, entity) %}
    {%- set found = {} -%}
    {%- if file["format"] == 'csv' -%}
        {%- for name in dovecote.csv_header(file["path"]) -%} {%- do found.update({name: 'VARCHAR'}) -%} {%- endfor -%}
    {%- elif file["format"] == 'jsonl' -%}
        {%- for name in dovecote.json_keys(file["path"], entity) -%} {%- do found.update({name | lower: 'VARCHAR'}) -%} {%- endfor -%}
    {%- elif target.type != 'duckdb' -%}
        {%- for row in run_query("describe query select * from parquet.`" ~ file["path"] ~ "`").rows -%}
            {%- do found.update({row[0] | lower: row[1]}) -%}
        {%- endfor -%}
    {%- else -%}
        {#- DuckDB renames a column that differs from another one in case only -#}
        {%- set names = run_query("select lower(name) from parquet_schema('" ~ dovecote.quoted(file["path"]) ~ "')").columns[0].values() | list -%}
        {%- for row in run_query("describe select * from read_parquet('" ~ dovecote.quoted(file["path"]) ~ "')").rows -%}
            {%- if row[0] | lower not in names or row[0] | lower == 'file_row_number' -%}
                {%- do dovecote.stop(file["path"] ~ " has the column '" ~ row[0] ~ "' twice, or one of that name that is kept for its reader: rename it.") -%}
            {%- endif -%}
            {%- do found.update({row[0] | lower: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{# The rows of one file as the raw model holds them. #}
{% macro read_file(file, entity, careful=false) %}
    {%- set found = dovecote.file_columns(file, entity) -%}
    {%- set rows -%}
select
    {{ dovecote.entity_columns(entity, found) }},
    {{ "source_name" if file["paths"] else "'" ~ dovecote.quoted(file["name"]) ~ "' as source_name" }},
    source_position,
    malformed_reason,
    malformed_line,
    cast(line_count as integer) as line_count
from {{ dovecote.file_records(file, found, entity, careful) }} as input
    {%- endset -%}
    {{ dovecote.protected(entity, rows) }}
{%- endmacro %}


{# The rows of an entity from all of its files. #}
{% macro read_files(entity) %}
    {%- for file in dovecote.files_read_together(dovecote.entity_files(entity)) -%}
        {%- if loop.index > 1 %}
union all
        {% endif -%}
        {{ dovecote.read_file(file, entity) }}
    {%- else -%}
        {{ dovecote.no_rows(entity) }}
    {%- endfor -%}
{% endmacro %}


{#
    Files as a reader takes them: Parquet files of the same columns and types as one, which bears the path and name of
    its first and the `paths` of all; any other file alone.
#}
{% macro files_read_together(files) %}
    {{ return(adapter.dispatch('files_read_together', 'dovecote')(files)) }}
{% endmacro %}

{% macro default__files_read_together(files) %}
    {{ return(files) }}
{% endmacro %}

{% macro duckdb__files_read_together(files) %}
    {%- set together = files | rejectattr('format', 'equalto', 'parquet') | list -%}
    {%- set parquet = files | selectattr('format', 'equalto', 'parquet') | list -%}
    {%- if parquet -%}
        {%- set shapes = run_query(
            "select string_agg(path, chr(31) order by path) from (select replace(file_name, '\\', '/') as path,"
            ~ " string_agg(concat_ws(' ', name, type, converted_type, logical_type, scale, precision), ',' order by rowid) as shape"
            ~ " from (select *, row_number() over () as rowid from parquet_schema(" ~ dovecote.path_list(parquet | map(attribute='path')) ~ "))"
            ~ " group by file_name) group by shape order by min(path)"
        ).rows -%}
        {%- for shape in shapes -%}
            {%- set paths = shape[0].split('\x1f') -%}
            {%- set first = parquet | selectattr('path', 'equalto', paths[0]) | first -%}
            {%- do together.append({"path": first["path"], "name": first["name"], "format": "parquet", "paths": paths}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(together) }}
{% endmacro %}


{# Paths as a list of SQL literals. #}
{% macro path_list(paths) %}{{ return("[" ~ dovecote.quoted_list(paths) ~ "]") }}{% endmacro %}


{# The name of a file within the folder of the input, from the column that holds its path. #}
{% macro name_in_folder(path_column) -%}
    substr(replace({{ path_column }}, '\\', '/'), {{ dovecote.input_folder().rstrip('/') | length + 2 }})
{%- endmacro %}


{# Whether any file of an entity has to be parsed; Parquet is read where it lies. #}
{% macro is_parsed(entity) %}
    {{ return(target.type != 'duckdb' or dovecote.entity_files(entity) | rejectattr('format', 'equalto', 'parquet') | list | length > 0) }}
{% endmacro %}


{# What tells a file from another of its name: its size and when it was written. #}
{% macro file_versions(entity, files) -%}
    {{ adapter.dispatch('file_versions', 'dovecote')(entity, files) }}
{%- endmacro %}

{% macro default__file_versions(entity, files) -%}
    select '{{ entity }}' as entity, cast(null as string) as source_name, cast(null as string) as file_version where 1 = 0
{%- endmacro %}

{% macro duckdb__file_versions(entity, files) -%}
    select
        '{{ entity }}' as entity,
        {{ dovecote.name_in_folder("filename") }} as source_name,
        size || ' bytes of ' || last_modified as file_version
    from read_blob({{ dovecote.path_list(files | map(attribute='path')) }})
{%- endmacro %}


{# The rows an entity's input holds, counted apart from the reader of records. #}
{% macro count_input_rows(entity) %}
    {%- set mode = dovecote.input_mode() -%}
    {%- set relation = dovecote.input_relation(entity) if mode != 'folder' else none -%}
    {%- if mode == 'folder' and execute -%}
        {%- for file in dovecote.files_read_together(dovecote.entity_files(entity)) -%}
            {%- if loop.index > 1 %}
union all
            {% endif -%}
            {%- if file["paths"] -%}
select
    '{{ entity }}' as entity,
    {{ dovecote.name_in_folder("file_name") }} as source_name,
    num_rows as physical_rows
from parquet_file_metadata({{ dovecote.path_list(file["paths"]) }})
            {%- else -%}
select
    '{{ entity }}' as entity,
    '{{ dovecote.quoted(file["name"]) }}' as source_name,
            {% if file["format"] == 'parquet' -%}
    {{ dovecote.parquet_rows(file["path"]) }} as physical_rows
            {%- else -%}
    {{ dovecote.count_lines(file["path"]).filled - (1 if file["format"] == 'csv' else 0) }} as physical_rows
            {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- elif relation is not none -%}
select
    '{{ entity }}' as entity,
    '{{ relation.identifier }}' as source_name,
    (select count(*) from {{ relation }}) as physical_rows
    {%- endif -%}
{% endmacro %}


{# The number of rows of a Parquet file, as an expression. #}
{% macro parquet_rows(path) -%}
    {{ adapter.dispatch('parquet_rows', 'dovecote')(path) }}
{%- endmacro %}

{% macro default__parquet_rows(path) -%}
    (select num_rows from parquet_file_metadata('{{ dovecote.quoted(path) }}'))
{%- endmacro %}
