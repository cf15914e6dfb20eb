{#
    Reading files. The dialect of CSV is pinned (comma or dovecote_csv_delimiter, double quotes, header):
    a guessed one would change which rows are accepted when a single quote is unbalanced.
#}

{# The files of an entity, sorted: [{"path": ..., "name": ..., "format": csv, jsonl or parquet}]. #}
{% macro entity_files(entity) %}
    {%- set folder = dovecote.input_folder().rstrip('/') -%}
    {%- set found = run_query(
        "select file from glob('" ~ dovecote.quoted(folder) ~ "/" ~ entity ~ ".*') union all "
        ~ "select file from glob('" ~ dovecote.quoted(folder) ~ "/" ~ entity ~ "/**') order by file"
    ) -%}
    {%- set files = [] -%}
    {%- for row in found.rows -%}
        {%- set path = row[0] | replace('\\', '/') -%}
        {%- set name = path[folder | length + 1:] -%}
        {%- set base = name.split('/')[-1] -%}
        {%- set format = {'ndjson': 'jsonl'}.get(base.split('.')[-1] | lower, base.split('.')[-1] | lower) -%}
        {%- if base[0] not in ['.', '_'] -%}
            {%- if format not in ['csv', 'jsonl', 'parquet'] -%}
                {%- do dovecote.stop(path ~ " is none of .csv, .jsonl and .parquet: convert it, or take it out of the folder.") -%}
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


{% macro quoted(text) %}{{ return(text | replace("'", "''")) }}{% endmacro %}


{#
    Every physical line of a file, read byte by byte (latin-1) with no notion of quotes: the independent count
    that the reader of records is held against. A blank line is null; a line that ends with CR and LF is
    followed by a null too.
#}
{% macro physical_lines(path) -%}
    read_csv(
        '{{ dovecote.quoted(path) }}', auto_detect = false, header = false, columns = {'line': 'varchar'},
        delim = '{{ "\x07" }}', quote = '', escape = '', encoding = 'latin-1', strict_mode = false,
        new_line = '\n', max_line_size = 33554432, parallel = false
    )
{%- endmacro %}


{# The header of a CSV file: its column names in lower case. Stops the run on one that cannot be read. #}
{% macro csv_header(path) %}
    {%- set first_line = run_query("select line from " ~ dovecote.physical_lines(path) ~ " where line is not null limit 1") -%}
    {%- if first_line.rows | length == 0 -%}
        {%- do dovecote.stop(path ~ " is empty: its first line must name the columns.") -%}
    {%- endif -%}
    {%- set line = first_line.rows[0][0] -%}
    {%- if line[:2] in ['\xff\xfe', '\xfe\xff'] or '\x00' in line -%}
        {%- do dovecote.stop(path ~ " is not UTF-8 text: save it as CSV UTF-8.") -%}
    {%- endif -%}
    {%- set header = [] -%}
    {%- for part in line.removeprefix('\xef\xbb\xbf').split(var('dovecote_csv_delimiter')) -%}
        {%- do header.append(part.strip().strip('"').strip() | lower) -%}
    {%- endfor -%}
    {%- for name in header -%}
        {%- if header.count(name) > 1 -%}
            {%- do dovecote.stop(path ~ " has the column '" ~ name ~ "' " ~ header.count(name) ~ " times in its header: keep one.") -%}
        {%- elif not name -%}
            {%- do dovecote.stop(path ~ " has a column without a name in its header: name it.") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(header) }}
{% endmacro %}


{% macro json_keys(path, entity) %}
    {%- set rows = run_query(
        "select distinct key from (select unnest(json_keys(line)) as key from "
        ~ dovecote.json_lines(path, entity ~ '_keys')
        ~ " where json_valid(line) and json_type(line) = 'OBJECT') order by key"
    ).rows -%}
    {%- set keys = [] -%}
    {%- for row in rows -%}
        {%- if row[0] | lower in keys -%}
            {%- do dovecote.stop(path ~ " spells the key '" ~ row[0] | lower ~ "' in more than one way: keep one.") -%}
        {%- endif -%}
        {%- do keys.append(row[0]) -%}
    {%- endfor -%}
    {{ return(keys) }}
{% endmacro %}


{% macro json_lines(path, rejects) -%}
    read_csv(
        '{{ dovecote.quoted(path) }}', auto_detect = false, header = false, columns = {'line': 'varchar', 'rest': 'varchar'},
        delim = '{{ "\r" }}', quote = '', escape = '', null_padding = true, new_line = '\n', parallel = false,
        store_rejects = true, rejects_table = 'rejects_of_{{ rejects }}', rejects_scan = 'scans_of_{{ rejects }}', rejects_limit = 0
    )
{%- endmacro %}


{# The columns of one file and their types: {name: type}. #}
{% macro file_columns(file, entity) %}
    {%- set found = {} -%}
    {%- if file["format"] == 'csv' -%}
        {%- for name in dovecote.csv_header(file["path"]) -%} {%- do found.update({name: 'VARCHAR'}) -%} {%- endfor -%}
    {%- elif file["format"] == 'jsonl' -%}
        {%- for name in dovecote.json_keys(file["path"], entity) -%} {%- do found.update({name | lower: 'VARCHAR'}) -%} {%- endfor -%}
    {%- else -%}
        {%- for row in run_query("describe select * from read_parquet('" ~ dovecote.quoted(file["path"]) ~ "')").rows -%}
            {%- do found.update({row[0] | lower: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{# The records of one file, with their place in it. #}
{% macro file_records(file, found, entity) %}
    {%- if file["format"] == 'csv' -%}
        {#- Only a file that mixes kinds of line end needs the lenient reader; there, text after a closing quote is joined to it. -#}
        {%- set lines = run_query(
            "select count(*), count(line) from " ~ dovecote.physical_lines(file["path"])
        ).rows[0] -%}
        {%- set mixes_line_ends = lines[0] > lines[1] and lines[0] < 2 * lines[1] -%}
        {%- set types = [] -%}
        {%- set line_breaks = [] -%}
        {%- for name in found -%}
            {%- do types.append("'" ~ dovecote.quoted(name) ~ "': 'varchar'") -%}
            {%- do line_breaks.append("coalesce(len(regexp_extract_all(\"" ~ name | replace('"', '""') ~ "\", '(\\r\\n|\\n|\\r)+')), 0)") -%}
        {%- endfor -%}
    (
        select
            *,
            'record ' || row_number() over () as source_position,
            cast(null as string) as malformed_reason,
            cast(null as string) as malformed_line,
            1 + {{ line_breaks | join(' + ') }} as line_count
        from read_csv(
            '{{ dovecote.quoted(file["path"]) }}', auto_detect = false, header = true, columns = { {{- types | join(', ') -}} },
            delim = '{{ var("dovecote_csv_delimiter") }}', quote = '"', escape = '"', strict_mode = {{ 'false' if mixes_line_ends else 'true' }},
            store_rejects = true, rejects_table = 'rejects_of_{{ entity }}', rejects_scan = 'scans_of_{{ entity }}', rejects_limit = 0
        )
    )
    {%- elif file["format"] == 'jsonl' -%}
        {%- set values = [] -%}
        {%- for name in dovecote.json_keys(file["path"], entity) -%}
            {%- do values.append("case when is_record then line ->> '$.\"" ~ dovecote.quoted(name) ~ "\"' end as \"" ~ name | lower ~ '"') -%}
        {%- endfor -%}
    (
        select
            {% for value in values -%} {{ value }}, {% endfor %}
            'line ' || line_number as source_position,
            case when not is_record then 'malformed_line' end as malformed_reason,
            case when not is_record then line end as malformed_line,
            1 as line_count
        from (
            select
                line,
                row_number() over () as line_number,
                json_valid(line) and json_type(case when json_valid(line) then line end) = 'OBJECT' as is_record
            from {{ dovecote.json_lines(file["path"], entity) }}
        )
    )
    {%- else -%}
    (
        select
            *,
            'record ' || (file_row_number + 1) as source_position,
            cast(null as string) as malformed_reason,
            cast(null as string) as malformed_line,
            1 as line_count
        from read_parquet('{{ dovecote.quoted(file["path"]) }}', file_row_number = true)
    )
    {%- endif -%}
{% endmacro %}


{% macro read_files(entity) %}
    {%- set files = dovecote.entity_files(entity) -%}
    {%- for file in files -%}
        {%- set found = dovecote.file_columns(file, entity) -%}
        {%- if loop.index > 1 %}
union all
        {% endif -%}
select
    {{ dovecote.entity_columns(entity, found) }},
    '{{ dovecote.quoted(file["name"]) }}' as source_name,
    source_position,
    malformed_reason,
    malformed_line,
    cast(line_count as integer) as line_count
from {{ dovecote.file_records(file, found, entity) }} as input
    {%- else -%}
        {{ dovecote.no_rows(entity) }}
    {%- endfor -%}
{% endmacro %}


{#
    After the records of an entity are read: the lines that are no records join them, one row per physical
    line, so that no line is lost. DuckDB keeps them in a temporary table of this connection.
#}
{% macro keep_rejected_lines(entity) %}
    {%- if execute and dovecote.input_mode() == 'folder' -%}
        {%- set formats = dovecote.entity_files(entity) | map(attribute='format') | list -%}
        {%- if 'csv' in formats or 'jsonl' in formats %}
insert into {{ this }} (source_name, source_position, malformed_reason, malformed_line, line_count)
with rejected as (
    select distinct
        errors.file_id,
        errors.scan_id,
        errors.line as first_line,
        scans.file_path,
        first_value(errors.error_type) over same_line as error_type,
        first_value(errors.csv_line) over same_line as csv_line
    from rejects_of_{{ entity }} as errors
    inner join scans_of_{{ entity }} as scans
        on errors.scan_id = scans.scan_id and errors.file_id = scans.file_id
    window same_line as (
        partition by errors.scan_id, errors.file_id, errors.line
        order by errors.column_idx nulls first
    )
),

physical_lines as (
    select
        *,
        unnest(lines) as line,
        unnest(range(0, len(lines))) as line_offset
    from (
        select
            *,
            string_split(rtrim(replace(csv_line, chr(13), ''), chr(10)), chr(10)) as lines
        from rejected
    )
)

select
    substr(replace(file_path, '\', '/'), {{ dovecote.input_folder().rstrip('/') | length + 2 }}),
    'line ' || (first_line + line_offset),
    case when error_type = 'INVALID ENCODING' then 'invalid_utf8' else 'malformed_line' end,
    line,
    1
from physical_lines
where line <> ''
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Before anything is written: every file can be opened and has the columns it must have. #}
{% macro check_inputs() %}
    {%- if execute and dovecote.input_mode() == 'folder' -%}
        {%- set folder = dovecote.input_folder() -%}
        {%- if not dovecote.entity_files('orders') -%}
            {%- do dovecote.stop(folder ~ " holds no orders: put orders.csv, orders.jsonl, orders.parquet or a folder orders/ there, or correct DOVECOTE_DATA.") -%}
        {%- endif -%}
        {%- for entity in dovecote.input_entities() -%}
            {%- for file in dovecote.entity_files(entity) -%}
                {%- if file["format"] == 'parquet' -%} {%- do dovecote.check_parquet(file["path"]) -%} {%- endif -%}
                {%- set found = dovecote.file_columns(file, entity).keys() | list -%}
                {%- if found or file["format"] != 'jsonl' -%}
                    {%- do dovecote.require_columns(entity, found, file["path"]) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# A Parquet file ends with its footer's mark; the whole of a very large one is not read for it. #}
{% macro check_parquet(path) %}
    {%- set marks = run_query(
        "select size < 12 or decode(content[1:4]) <> 'PAR1' or content[-4:] <> 'PAR1'::blob from read_blob('" ~ dovecote.quoted(path) ~ "') where size < 268435456"
    ).rows -%}
    {%- if marks | length and marks[0][0] -%}
        {%- do dovecote.stop(path ~ " is no whole Parquet file: write it again.") -%}
    {%- endif -%}
{% endmacro %}


{# The rows an entity's input holds, counted apart from the reader of records. #}
{% macro count_input_rows(entity) %}
    {%- set mode = dovecote.input_mode() -%}
    {%- set relation = dovecote.input_relation(entity) if mode != 'folder' else none -%}
    {%- if mode == 'folder' and execute -%}
        {%- for file in dovecote.entity_files(entity) -%}
            {%- if loop.index > 1 %}
union all
            {% endif -%}
select
    '{{ entity }}' as entity,
    '{{ dovecote.quoted(file["name"]) }}' as source_name,
            {% if file["format"] == 'parquet' -%}
    (select num_rows from parquet_file_metadata('{{ dovecote.quoted(file["path"]) }}')) as physical_rows
            {%- else -%}
    (select count(line) from {{ dovecote.physical_lines(file["path"]) }}) - {{ 1 if file["format"] == 'csv' else 0 }} as physical_rows
            {%- endif -%}
        {%- endfor -%}
    {%- elif relation is not none -%}
select
    '{{ entity }}' as entity,
    '{{ relation.identifier }}' as source_name,
    (select count(*) from {{ relation }}) as physical_rows
    {%- endif -%}
{% endmacro %}
