{#
    Reading files on Spark, by its own readers. A record that is none keeps its text, and its place counts records, not
    lines; a file of CSV is read by one task, as its quotes may hold line breaks.
#}

{# Spark lists files by full paths; the folder's name is where the rest begins. #}
{% macro spark__paths_of_entity(folder, entity) %}
    {%- if '..' in folder -%}
        {%- do dovecote.stop("DOVECOTE_DATA is " ~ folder ~ ": name the folder without '..', as Spark lists files by full paths.") -%}
    {%- endif -%}
    {%- do run_query(
        "create or replace temporary view input_files using binaryFile options (path '" ~ dovecote.quoted(folder)
        ~ "', recursiveFileLookup 'true')"
    ) -%}
    {%- set start = folder.removeprefix('./') ~ "/" -%}
    {%- set paths = [] -%}
    {%- for row in run_query("select path from input_files order by path").rows -%}
        {%- set name = row[0].split(start, 1)[-1] -%}
        {%- if name.startswith(entity ~ ".") or name.startswith(entity ~ "/") -%}
            {%- do paths.append(folder ~ "/" ~ name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(paths) }}
{% endmacro %}


{% macro spark__file_versions(entity, files) -%}
    {%- set start = dovecote.quoted(dovecote.input_folder().rstrip('/').removeprefix('./')) ~ "/" %}
    select *
    from (
        select
            '{{ entity }}' as entity,
            substr(path, instr(path, '{{ start }}') + {{ dovecote.input_folder().rstrip('/').removeprefix('./') | length + 1 }}) as source_name,
            length || ' bytes of ' || modificationTime as file_version
        from input_files
    ) as versions
    where source_name in ({{ dovecote.quoted_list(files | map(attribute='name')) }})
{%- endmacro %}


{# Before anything is written: the folder holds orders, and every file has the columns it must have. #}
{% macro spark__check_folder() %}
    {%- if not dovecote.entity_files('orders') -%}
        {%- do dovecote.stop(
            dovecote.input_folder() ~ " holds no orders: put orders.csv, orders.jsonl, orders.parquet or a folder orders/ there, "
            ~ "or correct DOVECOTE_DATA."
        ) -%}
    {%- endif -%}
    {%- for entity in dovecote.input_entities() -%}
        {%- for file in dovecote.entity_files(entity) -%}
            {%- set found = dovecote.file_columns(file, entity).keys() | list -%}
            {%- do dovecote.require_columns(entity, found, file["path"]) -%}
            {%- do dovecote.report_unread_columns(entity, found, file["name"]) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{% macro spark__physical_lines(path, rejects) -%}
    (select nullif(value, '') as line from text.`{{ path }}`)
{%- endmacro %}


{% macro spark__count_lines(path) %}
    {%- set filled = run_query("select count(line) from " ~ dovecote.physical_lines(path, 'lines')).rows[0][0] -%}
    {{ return({"filled": filled, "too_long": none, "not_utf8": none}) }}
{% endmacro %}


{% macro spark__parquet_rows(path) -%}
    (select count(*) from parquet.`{{ path }}`)
{%- endmacro %}


{% macro spark__file_records(file, found, entity, careful) %}
    {%- set path = file["path"] -%}
    {%- set columns = [] -%}
    {%- for name in found if dovecote.is_read(entity, name) -%} {%- do columns.append(name) -%} {%- endfor -%}
    {%- if file["format"] == 'csv' -%}
        {%- set view = "file_" ~ local_md5(path) -%}
        {%- set types = [] -%}
        {%- for name in found -%} {%- do types.append('"' ~ name ~ '" string') -%} {%- endfor -%}
        {%- do run_query(
            "create or replace temporary view " ~ view ~ " (" ~ types | join(", ") ~ ", malformed_record string) using csv options ("
            ~ "path '" ~ dovecote.quoted(path) ~ "', header 'true', multiLine 'true', mode 'PERMISSIVE', "
            ~ "columnNameOfCorruptRecord 'malformed_record', quote '\"', escape '\"', sep '"
            ~ dovecote.quoted(var("dovecote_csv_delimiter")) ~ "')"
        ) -%}
    (
        select
            {% for name in columns -%}
            case when malformed_record is null then "{{ name }}" end as "{{ name }}",
            {% endfor -%}
            'record ' || (monotonically_increasing_id() + 1) as source_position,
            case when malformed_record is not null then 'malformed_line' end as malformed_reason,
            malformed_record as malformed_line,
            1 + size(
                regexp_extract_all(
                    coalesce(malformed_record, concat_ws('|', "{{ found.keys() | join('", "') }}")), '(\r\n|\n|\r)+', 0
                )
            ) as line_count
        from {{ view }}
    )
    {%- elif file["format"] == 'jsonl' -%}
    (
        select
            {% for name in dovecote.json_keys(path, entity) if dovecote.is_read(entity, name | lower) -%}
            case when is_record then get_json_object(line, '$[''{{ name }}'']') end as "{{ name | lower }}",
            {% endfor -%}
            'record ' || (monotonically_increasing_id() + 1) as source_position,
            case when not is_record then 'malformed_line' end as malformed_reason,
            case when not is_record then line end as malformed_line,
            1 as line_count
        from (
            select
                line,
                json_object_keys(line) is not null
                and size(json_object_keys(line)) = size(array_distinct(json_object_keys(line))) as is_record
            from {{ dovecote.physical_lines(path, entity) }}
            where line is not null
        )
    )
    {%- else -%}
    (
        select
            {% for name in columns -%} "{{ name }}", {% endfor %}
            'record ' || (_metadata.row_index + 1) as source_position,
            cast(null as string) as malformed_reason,
            cast(null as string) as malformed_line,
            1 as line_count
        from parquet.`{{ path }}`
    )
    {%- endif -%}
{% endmacro %}
