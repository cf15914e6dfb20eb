{#
    Every physical line of a file, read with no notion of quotes: the independent count that the readers of records
    are held against. A blank line is null; a line that ends with CR and LF is followed by a null too. The delimiter
    is a sequence that no text holds, so that a line is one column. Lines that are no UTF-8, or too long, are set
    aside in a temporary table of this connection.
#}
{% macro physical_lines(path, rejects) -%}
    {{ adapter.dispatch('physical_lines', 'dovecote')(path, rejects) }}
{%- endmacro %}

{% macro default__physical_lines(path, rejects) -%}
    read_csv(
        '{{ dovecote.quoted(path) }}', auto_detect = false, header = false, columns = {'line': 'varchar'},
        delim = '{{ "\x07\x1e\x07\x1f" }}', quote = '', escape = '', strict_mode = false,
        new_line = '\n', max_line_size = 33554432, parallel = false,
        store_rejects = true, rejects_table = 'rejects_of_{{ rejects }}', rejects_scan = 'scans_of_{{ rejects }}', rejects_limit = 0
    )
{%- endmacro %}


{# What a pass over the physical lines of a file finds: filled lines, the first beyond 32 MB and the first without UTF-8. #}
{% macro count_lines(path) %}
    {{ return(adapter.dispatch('count_lines', 'dovecote')(path)) }}
{% endmacro %}

{% macro default__count_lines(path) %}
    {%- do run_query("drop table if exists rejects_of_lines") -%}
    {%- do run_query("drop table if exists scans_of_lines") -%}
    {%- set read = run_query("select count(line) from " ~ dovecote.physical_lines(path, 'lines')).rows[0] -%}
    {%- set set_aside = run_query(
        "select count(distinct line_byte_position), min(line) filter (where error_type = 'LINE SIZE OVER MAXIMUM'),"
        ~ " min(line) filter (where error_type = 'INVALID ENCODING') from rejects_of_lines"
    ).rows[0] -%}
    {{ return({"filled": read[0] + set_aside[0], "too_long": set_aside[1], "not_utf8": set_aside[2]}) }}
{% endmacro %}


{# The header of a CSV file: its column names in lower case. Stops the run on one that cannot be read. #}
{% macro csv_header(path) %}
    {%- set lines = run_query("select line from " ~ dovecote.physical_lines(path, 'lines') ~ " limit 1").rows -%}
    {%- if not lines -%}
        {%- do dovecote.stop(path ~ " is empty: its first line must name the columns.") -%}
    {%- elif lines[0][0] is none -%}
        {%- do dovecote.stop(path ~ " starts with a blank line: its first line must name the columns.") -%}
    {%- endif -%}
    {%- set line = lines[0][0].removeprefix('\ufeff') -%}
    {%- set delimiter = modules.re.escape(var('dovecote_csv_delimiter')) -%}
    {%- set cells = modules.re.findall('( *"(?:[^"]|"")*" *|[^"' ~ delimiter ~ ']*)' ~ delimiter, line ~ var('dovecote_csv_delimiter')) -%}
    {%- if cells | join(var('dovecote_csv_delimiter')) != line -%}
        {%- do dovecote.stop(path ~ " has a quote in its header that is not closed on the same line: write the column names without quotes.") -%}
    {%- endif -%}
    {%- set header = [] -%}
    {%- for cell in cells -%}
        {%- set name = cell.strip() -%}
        {%- set name = name[1:-1] | replace('""', '"') if name.startswith('"') else name -%}
        {%- do header.append(name.strip() | lower) -%}
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


{# The keys of a JSON lines file, as they are spelled there. Stops the run on two spellings of one that is read. #}
{% macro json_keys(path, entity) %}
    {%- set keys_of_line = "unnest(json_keys(case when json_valid(line) then line end))" if target.type == 'duckdb' else "explode(json_object_keys(line))" -%}
    {%- set rows = run_query(
        "select distinct key from (select " ~ keys_of_line ~ " as key from "
        ~ dovecote.physical_lines(path, entity ~ '_keys')
        ~ ") order by key"
    ).rows -%}
    {%- set keys = [] -%}
    {%- set seen = [] -%}
    {%- for row in rows -%}
        {%- if row[0] | lower in seen and dovecote.is_read(entity, row[0] | lower) -%}
            {%- do dovecote.stop(path ~ " spells the key '" ~ row[0] | lower ~ "' in more than one way: keep one.") -%}
        {%- endif -%}
        {%- do seen.append(row[0] | lower) -%}
        {%- do keys.append(row[0]) -%}
    {%- endfor -%}
    {{ return(keys) }}
{% endmacro %}


{#
    The records of one file, with their place in it. The fast reader of CSV and JSON lines sets lines aside that
    are no records; careful reads a file line by line instead, and keeps those lines in their place.
#}
{% macro file_records(file, found, entity, careful=false) %}
    {{ adapter.dispatch('file_records', 'dovecote')(file, found, entity, careful) }}
{% endmacro %}

{% macro default__file_records(file, found, entity, careful) %}
    {%- set path = file["path"] -%}
    {%- set columns = [] -%}
    {%- for name in found if dovecote.is_read(entity, name) -%}
        {%- do columns.append('"' ~ name | replace('"', '""') ~ '"') -%}
    {%- endfor -%}
    {%- if file["format"] == 'csv' and (careful or found | length == 1 or dovecote.mixes_line_ends(path)) -%}
        {{ dovecote.careful_csv_records(path, found, entity) }}
    {%- elif file["format"] == 'csv' -%}
        {%- set types = [] -%}
        {%- set cells = [] -%}
        {%- for name in found -%}
            {%- do types.append("'" ~ dovecote.quoted(name) ~ "': 'varchar'") -%}
            {%- do cells.append('"' ~ name | replace('"', '""') ~ '"') -%}
        {%- endfor -%}
    (
        select
            {{ columns | join(', ') }},
            'record ' || row_number() over () as source_position,
            cast(null as string) as malformed_reason,
            cast(null as string) as malformed_line,
            1 + len(regexp_extract_all(concat_ws('|', {{ cells | join(', ') }}), '(\r\n|\n|\r)+')) as line_count
        from read_csv(
            '{{ dovecote.quoted(path) }}', auto_detect = false, header = true, columns = { {{- types | join(', ') -}} },
            delim = '{{ dovecote.quoted(var("dovecote_csv_delimiter")) }}', quote = '"', escape = '"', strict_mode = true,
            store_rejects = true, rejects_table = 'rejects_of_{{ entity }}', rejects_scan = 'scans_of_{{ entity }}', rejects_limit = 0
        )
    )
    {%- elif file["format"] == 'jsonl' -%}
        {%- set values = [] -%}
        {%- for name in dovecote.json_keys(path, entity) if dovecote.is_read(entity, name | lower) -%}
            {%- set pointer = name | replace('~', '~0') | replace('/', '~1') -%}
            {%- do values.append("case when is_record then line ->> '/" ~ dovecote.quoted(pointer) ~ "' end as \"" ~ name | lower | replace('"', '""') ~ '"') -%}
        {%- endfor -%}
    (
        select
            {% for value in values -%} {{ value }}, {% endfor %}
            source_position,
            case when is_invalid then 'invalid_utf8' when not is_record then 'malformed_line' end as malformed_reason,
            case when not is_record then line end as malformed_line,
            1 as line_count
        from (
            select
                *,
                {#- a key that comes twice in an object would lose one of its values -#}
                not is_invalid
                and json_type(case when json_valid(line) then line end) is not distinct from 'OBJECT'
                and len(json_keys(case when json_valid(line) then line end))
                    is not distinct from len(list_distinct(json_keys(case when json_valid(line) then line end))) as is_record
            from (
                {%- if careful %}
                select
                    text as line,
                    is_invalid,
                    'line ' || line_number as source_position
                from {{ dovecote.careful_lines(path) }}
                where text <> ''
                {%- else %}
                select
                    line,
                    false as is_invalid,
                    'record ' || row_number() over () as source_position
                from {{ dovecote.physical_lines(path, entity) }}
                where line is not null
                {%- endif %}
            )
        )
    )
    {%- else -%}
    (
        select
            {{ columns | join(', ') }},
            'record ' || (file_row_number + 1) as source_position,
            cast(null as string) as malformed_reason,
            cast(null as string) as malformed_line,
            1 as line_count
        from read_parquet('{{ dovecote.quoted(path) }}', file_row_number = true)
    )
    {%- endif -%}
{% endmacro %}


{#
    After the records of an entity are read: the lines that the fast reader set aside join them, so that no line is
    lost. DuckDB keeps them in a temporary table of this connection. Where all of a file's are single lines with too
    few or too many columns or with bytes that are not UTF-8, they are taken from there; anything else may have
    thrown the reader off its track, and the file is read again with care.
#}
{% macro keep_rejected_lines(entity) %}
    {%- if execute and dovecote.input_mode() == 'folder' and target.type == 'duckdb' -%}
        {%- set has_rejects = run_query(
            "select count(*) from duckdb_tables() where table_name = 'rejects_of_" ~ entity ~ "'"
        ).rows[0][0] > 0 -%}
        {%- set rejected -%}
            select distinct
                scans.file_path,
                errors.scan_id,
                errors.file_id,
                errors.line,
                errors.csv_line,
                first_value(errors.error_type) over same_line as error_type
            from rejects_of_{{ entity }} as errors
            inner join scans_of_{{ entity }} as scans
                on errors.scan_id = scans.scan_id and errors.file_id = scans.file_id
            window same_line as (
                partition by errors.scan_id, errors.file_id, errors.line_byte_position
                order by errors.column_idx nulls first
            )
        {%- endset -%}
        {%- for file in dovecote.entity_files(entity) if has_rejects and file["format"] != 'parquet' -%}
            {%- set path = dovecote.quoted(file["path"]) -%}
            {%- set found = run_query(
                "select count(*), count(*) filter (where error_type not in ('MISSING COLUMNS', 'TOO MANY COLUMNS', 'INVALID ENCODING')"
                ~ " or csv_line is null or not regexp_full_match(csv_line, " ~ ("'[^\"\\r\\n]+'" if file["format"] == 'csv' else "'[^\\r\\n]+'") ~ "))"
                ~ " from (" ~ rejected ~ ") where replace(file_path, '\\', '/') = '" ~ path ~ "'"
            ).rows[0] -%}
            {%- if found[1] -%}
                {%- do run_query("delete from " ~ this ~ " where source_name = '" ~ dovecote.quoted(file["name"]) ~ "'") -%}
                {%- do run_query("insert into " ~ this ~ " by name " ~ dovecote.read_file(file, entity, careful=true)) -%}
            {%- elif found[0] -%}
                {%- do run_query(
                    "insert into " ~ this ~ " (source_name, source_position, malformed_reason, malformed_line, line_count)"
                    ~ " select '" ~ dovecote.quoted(file["name"]) ~ "', case when not is_forgotten then 'line ' || line end,"
                    ~ " case when is_forgotten then 'forgotten' when error_type = 'INVALID ENCODING' then 'invalid_utf8' else 'malformed_line' end,"
                    ~ " case when not is_forgotten then " ~ dovecote.kept_line("csv_line") ~ " end, 1"
                    ~ " from (select *, " ~ dovecote.is_forgotten_line("csv_line") ~ " as is_forgotten from (" ~ rejected
                    ~ ")) where replace(file_path, '\\', '/') = '" ~ path ~ "'"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
