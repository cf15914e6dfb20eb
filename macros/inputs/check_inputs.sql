{# Stops the run on a text file that no reader can take: a line beyond all bounds, or another encoding than UTF-8. #}
{% macro check_text(file) %}
    {%- set path = file["path"] -%}
    {%- set lines = dovecote.count_lines(path) -%}
    {%- if lines.too_long is not none -%}
        {%- do dovecote.stop(path ~ " has more than 32 MB in line " ~ lines.too_long ~ ": shorten the line or take it out.") -%}
    {%- endif -%}
    {%- set first_line = run_query("select line from " ~ dovecote.physical_lines(path, 'lines') ~ " limit 1").rows -%}
    {%- if (first_line and first_line[0][0] and '\x00' in first_line[0][0]) or (file["format"] == 'csv' and lines.not_utf8 == 1) -%}
        {%- do dovecote.stop(path ~ " is not UTF-8 text: save it as UTF-8.") -%}
    {%- endif -%}
{% endmacro %}


{# Before anything is written: every file can be opened and has the columns it must have. #}
{% macro check_inputs() %}
    {%- if execute and dovecote.input_mode() == 'folder' -%}
        {%- do dovecote.check_folder() -%}
    {%- endif -%}
{% endmacro %}

{# Stops the run on a folder without orders, and on a file that cannot be opened or lacks a column. #}
{% macro check_folder() %}
    {%- do adapter.dispatch('check_folder', 'dovecote')() -%}
{% endmacro %}

{% macro default__check_folder() %}
    {%- set folder = dovecote.input_folder() -%}
    {%- if dovecote.is_pattern(folder) -%}
        {%- do dovecote.stop(folder ~ " has one of * ? [ ] { } in its name, which is read as a pattern: rename the folder.") -%}
    {%- endif -%}
    {%- if run_query("select 1 from glob('" ~ dovecote.quoted(folder.rstrip('/')) ~ "')").rows -%}
        {%- do dovecote.stop(folder ~ " is a file: let DOVECOTE_DATA name the folder that holds it.") -%}
    {%- elif not dovecote.entity_files('orders') -%}
        {%- set others = [] -%}
        {%- for row in run_query("select file from glob('" ~ dovecote.quoted(folder.rstrip('/')) ~ "/*') order by file").rows -%}
            {%- do others.append(row[0].split('/')[-1]) -%}
        {%- endfor -%}
        {%- do dovecote.stop(
            folder ~ (" holds " ~ others | join(', ') | truncate(200) ~ " but no orders" if others else " does not exist or is empty")
            ~ ": put orders.csv, orders.jsonl, orders.parquet or a folder orders/ there, or correct DOVECOTE_DATA."
        ) -%}
    {%- endif -%}
    {%- do dovecote.report_unread_files(folder) -%}
    {%- for entity in dovecote.input_entities() -%}
        {%- set files = dovecote.entity_files(entity) -%}
        {%- if 'parquet' in files | map(attribute='format') -%}
            {#- DuckDB's own errors about the inside of a Parquet file do not name it -#}
            {%- do log("Dovecote: reading " ~ files | map(attribute='path') | join(', ') | truncate(300), info=true) -%}
        {%- endif -%}
        {%- do dovecote.check_parquet(files | selectattr('format', 'equalto', 'parquet') | map(attribute='path') | list) -%}
        {%- for file in dovecote.files_read_together(files) -%}
            {%- if file["format"] != 'parquet' -%} {%- do dovecote.check_text(file) -%} {%- endif -%}
            {%- set found = dovecote.file_columns(file, entity).keys() | list -%}
            {%- if found or file["format"] != 'jsonl' -%}
                {%- do dovecote.require_columns(entity, found, file["path"]) -%}
                {%- do dovecote.report_unread_columns(entity, found, file["name"]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{# Files whose names are those of no entity are not read: said once, in case a name is mistyped. #}
{% macro report_unread_files(folder) %}
    {%- set unread = [] -%}
    {%- for row in run_query("select file from glob('" ~ dovecote.quoted(folder.rstrip('/')) ~ "/*.*') order by file").rows -%}
        {%- set name = row[0].split('/')[-1] -%}
        {%- if name.split('.')[0] not in dovecote.input_entities() and name.split('.')[-1] | lower in ['csv', 'jsonl', 'ndjson', 'parquet'] -%}
            {%- do unread.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if unread -%}
        {%- do print("Dovecote: not read, as no entity has its name: " ~ unread | join(', ') ~ ". The entities are " ~ dovecote.input_entities().keys() | join(', ') ~ ".") -%}
    {%- endif -%}
{% endmacro %}


{# Columns that nothing reads, in case one is mistyped: said for the first of the files that have them. #}
{% macro report_unread_columns(entity, found, source_name) %}
    {%- set told = dovecote.known_to_run().setdefault('unread_columns', []) -%}
    {%- set unread = [] -%}
    {%- for name in found if not dovecote.is_read(entity, name) and (entity, name) not in told -%}
        {%- do told.append((entity, name)) -%}
        {%- do unread.append(name) -%}
    {%- endfor -%}
    {%- if unread -%}
        {%- do print(
            "Dovecote: not read of " ~ source_name ~ ", as " ~ entity ~ " has no such column: " ~ unread | join(", ") | truncate(300)
            ~ ". Rename what is mistyped; x_ before a name takes it along."
        ) -%}
    {%- endif -%}
{% endmacro %}


{# A Parquet file ends with its footer's mark; very large inputs are not read for it. #}
{% macro check_parquet(paths) %}
    {%- if paths and run_query("select sum(size) from read_blob(" ~ dovecote.path_list(paths) ~ ")").rows[0][0] < 268435456 -%}
        {%- set torn = run_query(
            "select filename from read_blob(" ~ dovecote.path_list(paths) ~ ")"
            ~ " where size < 12 or decode(content[1:4]) <> 'PAR1' or content[-4:] <> 'PAR1'::blob order by filename"
        ).rows -%}
        {%- if torn -%}
            {%- do dovecote.stop(torn[0][0] ~ " is no whole Parquet file: write it again.") -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
