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
