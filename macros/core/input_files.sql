{#
    Reading files. The dialect of CSV is pinned (comma or dovecote_csv_delimiter, double quotes, header):
    a guessed one would change which rows are accepted when a single quote is unbalanced.
#}

{# The files of an entity, sorted: [{"path": ..., "name": ..., "format": csv, jsonl or parquet}]. #}
{% macro entity_files(entity) %}
    {%- set folder = dovecote.input_folder().rstrip('/') -%}
    {#- ** walks subfolders but skips symbolic links, * the other way round -#}
    {%- set start = dovecote.quoted(folder) ~ "/" ~ entity -%}
    {%- set found = run_query(
        "select file from glob('" ~ start ~ ".*') union select file from glob('" ~ start ~ "/*') union "
        ~ "select file from glob('" ~ start ~ "/**') order by file"
    ) -%}
    {%- set files = [] -%}
    {%- for row in found.rows -%}
        {%- set path = row[0] | replace('\\', '/') -%}
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


{% macro quoted(text) %}{{ return(text | replace("'", "''")) }}{% endmacro %}

{% macro is_pattern(path) %}{{ return(modules.re.search('[*?{}\\[\\]]', path) is not none) }}{% endmacro %}


{#
    Every physical line of a file, read with no notion of quotes: the independent count that the readers of records
    are held against. A blank line is null; a line that ends with CR and LF is followed by a null too. The delimiter
    is a sequence that no text holds, so that a line is one column. Lines that are no UTF-8, or too long, are set
    aside in a temporary table of this connection.
#}
{% macro physical_lines(path, rejects) -%}
    read_csv(
        '{{ dovecote.quoted(path) }}', auto_detect = false, header = false, columns = {'line': 'varchar'},
        delim = '{{ "\x07\x1e\x07\x1f" }}', quote = '', escape = '', strict_mode = false,
        new_line = '\n', max_line_size = 33554432, parallel = false,
        store_rejects = true, rejects_table = 'rejects_of_{{ rejects }}', rejects_scan = 'scans_of_{{ rejects }}', rejects_limit = 0
    )
{%- endmacro %}


{# What a pass over the physical lines of a file finds: filled lines, the first beyond 32 MB and the first without UTF-8. #}
{% macro count_lines(path) %}
    {%- do run_query("drop table if exists rejects_of_lines") -%}
    {%- do run_query("drop table if exists scans_of_lines") -%}
    {%- set read = run_query("select count(line) from " ~ dovecote.physical_lines(path, 'lines')).rows[0] -%}
    {%- set set_aside = run_query(
        "select count(distinct line_byte_position), min(line) filter (where error_type = 'LINE SIZE OVER MAXIMUM'),"
        ~ " min(line) filter (where error_type = 'INVALID ENCODING') from rejects_of_lines"
    ).rows[0] -%}
    {{ return({"filled": read[0] + set_aside[0], "too_long": set_aside[1], "not_utf8": set_aside[2]}) }}
{% endmacro %}


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
    {%- set rows = run_query(
        "select distinct key from (select unnest(json_keys(case when json_valid(line) then line end)) as key from "
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


{#
    The records of one file, with their place in it. The fast reader of CSV and JSON lines sets lines aside that
    are no records; careful reads a file line by line instead, and keeps those lines in their place.
#}
{% macro file_records(file, found, entity, careful=false) %}
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
    Whether a CSV file has line ends that the fast reader cannot take: of different kinds, or a CR alone. A file of
    256 MB or more is not read for it; DuckDB stops at one, naming the file.
#}
{% macro mixes_line_ends(path) %}
    {%- set found = run_query(
        "select contains(others, '\\x0D') or (contains(bytes, '\\x0D') and contains(others, '\\x0A'))"
        ~ " from (select bytes, replace(bytes, '\\x0D\\x0A', '') as others"
        ~ " from (select cast(content as string) as bytes from read_blob('" ~ dovecote.quoted(path) ~ "') where size < 268435456))"
    ).rows -%}
    {{- return(found[0][0] if found else false) -}}
{% endmacro %}


{#
    Every physical line of a file with its number, its text, its end and whether its bytes are UTF-8. The bytes
    of the whole file are taken as text in which DuckDB writes others than plain ones as \xNN, so none is lost.
#}
{% macro careful_lines(path) -%}
    (
        select
            line_number,
            regexp_extract(piece, '[\r\n]*$') as line_end,
            regexp_replace(piece, '[\r\n]+$', '') as text,
            is_invalid
        from (
            select
                line_number,
                coalesce(try(decode(cast(piece as blob))), replace(replace(replace(piece, '\x22', '"'), '\x0D', chr(13)), '\x0A', chr(10))) as piece,
                try(decode(cast(piece as blob))) is null as is_invalid
            from (
                select
                    unnest(pieces) as piece,
                    unnest(range(1, len(pieces) + 1)) as line_number
                from (
                    select
                        string_split(
                            regexp_replace(
                                regexp_replace(cast(content as string), '^\\xEF\\xBB\\xBF', ''),
                                '\\x0D\\x0A|\\x0D|\\x0A', '\0' || chr(10), 'g'
                            ),
                            chr(10)
                        ) as pieces
                    from read_blob('{{ dovecote.quoted(path) }}')
                )
            )
        )
    )
{%- endmacro %}


{#
    The records of a CSV file that the fast reader cannot be trusted with: after a stray quote it goes on somewhere
    in the middle of a record, and it loses count of lines.

    A line that starts outside quotes opens a cell or does not; one that starts inside stays in it or does not.
    Lines for which both come out alike settle the state, the others keep or flip it, so the state before each line
    is the last settled one, flipped as often as need be. Lines that hang together by open cells are one record if
    it reads as one, cell by cell, and otherwise malformed, each of them.
#}
{% macro careful_csv_records(path, found, entity) -%}
    {%- set delimiter = modules.re.escape(var('dovecote_csv_delimiter')) | replace("'", "''") -%}
    {%- set quoted = '"(?:[^"]|"")*"' -%}
    {%- set cell = '(?: *' ~ quoted ~ ' *| *[^" \\r\\n' ~ delimiter ~ '][^\\r\\n' ~ delimiter ~ ']*| *)' -%}
    {%- set opened = '(?:' ~ cell ~ delimiter ~ ')* *"(?:[^"]|"")*' -%}
    (
        with lines as (
            select
                *,
                regexp_full_match(text, '{{ opened }}') as opens,
                regexp_full_match(text, '(?:[^"]|"")*|(?:[^"]|"")*" *{{ delimiter }}{{ opened }}') as stays
            from {{ dovecote.careful_lines(path) }}
            where line_number > 1
        ),

        flips as (
            select
                *,
                sum(cast(opens and not stays as integer)) over (
                    order by line_number rows between unbounded preceding and current row
                ) as flips
            from lines
        ),

        states as (
            select
                *,
                coalesce(
                    last_value(case when opens = stays then cast(opens as integer) + flips end ignore nulls) over before
                    + coalesce(max(flips) over before, 0),
                    coalesce(max(flips) over before, 0)
                ) % 2 = 1 as starts_inside
            from flips
            window before as (order by line_number rows between unbounded preceding and 1 preceding)
        ),

        numbered as (
            select
                *,
                sum(cast(not starts_inside as integer)) over (
                    order by line_number rows between unbounded preceding and current row
                ) as record_number
            from states
        ),

        joined as (
            select
                record_number,
                min(line_number) as line_number,
                count(*) filter (where text <> '') as line_count,
                max(is_invalid) as is_invalid,
                regexp_replace(string_agg(text || line_end, '' order by line_number), '[\r\n]+$', '') as text
            from numbered
            group by record_number
            having line_count > 0
        ),

        split as (
            select
                *,
                regexp_extract_all(text || '{{ dovecote.quoted(var("dovecote_csv_delimiter")) }}', '({{ cell }}){{ delimiter }}', 1) as cells
            from joined
        ),

        judged as (
            select
                *,
                not is_invalid
                and array_to_string(cells, '{{ dovecote.quoted(var("dovecote_csv_delimiter")) }}') = text
                and (len(cells) = {{ found | length }} or (len(cells) = {{ found | length + 1 }} and trim(cells[-1]) = '')) as is_record
            from split
        )

        select
            {%- for name in found if dovecote.is_read(entity, name) %}
            case
                when starts_with(trim(cells[{{ loop.index }}]), '"')
                    then nullif(replace(trim(cells[{{ loop.index }}])[2:-2], '""', '"'), '')
                else nullif(cells[{{ loop.index }}], '')
            end as "{{ name | replace('"', '""') }}",
            {%- endfor %}
            'line ' || line_number as source_position,
            cast(null as string) as malformed_reason,
            cast(null as string) as malformed_line,
            line_count
        from judged
        where is_record

        union all

        select
            {%- for name in found if dovecote.is_read(entity, name) %}
            null,
            {%- endfor %}
            'line ' || numbered.line_number,
            case when numbered.is_invalid then 'invalid_utf8' else 'malformed_line' end,
            numbered.text,
            1
        from numbered
        inner join judged
            on numbered.record_number = judged.record_number
        where not judged.is_record and numbered.text <> ''
    )
{%- endmacro %}


{# The rows of one file as the raw model holds them. #}
{% macro read_file(file, entity, careful=false) %}
    {%- set found = dovecote.file_columns(file, entity) -%}
select
    {{ dovecote.entity_columns(entity, found) }},
    '{{ dovecote.quoted(file["name"]) }}' as source_name,
    source_position,
    malformed_reason,
    malformed_line,
    cast(line_count as integer) as line_count
from {{ dovecote.file_records(file, found, entity, careful) }} as input
{%- endmacro %}


{% macro read_files(entity) %}
    {%- for file in dovecote.entity_files(entity) -%}
        {%- if loop.index > 1 %}
union all
        {% endif -%}
        {{ dovecote.read_file(file, entity) }}
    {%- else -%}
        {{ dovecote.no_rows(entity) }}
    {%- endfor -%}
{% endmacro %}


{#
    After the records of an entity are read: the lines that the fast reader set aside join them, so that no line is
    lost. DuckDB keeps them in a temporary table of this connection. Where all of a file's are single lines with too
    few or too many columns or with bytes that are not UTF-8, they are taken from there; anything else may have
    thrown the reader off its track, and the file is read again with care.
#}
{% macro keep_rejected_lines(entity) %}
    {%- if execute and dovecote.input_mode() == 'folder' -%}
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
                    ~ " select '" ~ dovecote.quoted(file["name"]) ~ "', 'line ' || line,"
                    ~ " case when error_type = 'INVALID ENCODING' then 'invalid_utf8' else 'malformed_line' end, csv_line, 1"
                    ~ " from (" ~ rejected ~ ") where replace(file_path, '\\', '/') = '" ~ path ~ "'"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# Before anything is written: every file can be opened and has the columns it must have. #}
{% macro check_inputs() %}
    {%- if execute and dovecote.input_mode() == 'folder' -%}
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
            {%- for file in files -%}
                {%- if file["format"] == 'parquet' -%} {%- do dovecote.check_parquet(file["path"]) -%}
                {%- else -%} {%- do dovecote.check_text(file) -%}
                {%- endif -%}
                {%- set found = dovecote.file_columns(file, entity).keys() | list -%}
                {%- if found or file["format"] != 'jsonl' -%}
                    {%- do dovecote.require_columns(entity, found, file["path"]) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
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
    {{ dovecote.count_lines(file["path"]).filled - (1 if file["format"] == 'csv' else 0) }} as physical_rows
            {%- endif -%}
        {%- endfor -%}
    {%- elif relation is not none -%}
select
    '{{ entity }}' as entity,
    '{{ relation.identifier }}' as source_name,
    (select count(*) from {{ relation }}) as physical_rows
    {%- endif -%}
{% endmacro %}
