{#
    The few constructs that DuckDB and Spark spell differently. Everything else in the project is
    written once, in SQL that both read alike.
#}

{# An instant (naive UTC) as the shop's wall clock reads it. #}
{% macro local_timestamp(instant) %}
    {%- if var('dovecote_timezone') == 'UTC' -%} {{ instant }}
    {%- else -%} {{ adapter.dispatch('local_timestamp', 'dovecote')(instant) }}
    {%- endif -%}
{% endmacro %}

{% macro default__local_timestamp(instant) -%}
    timezone('{{ var("dovecote_timezone") }}', timezone('UTC', {{ instant }}))
{%- endmacro %}

{% macro spark__local_timestamp(instant) -%}
    from_utc_timestamp({{ instant }}, '{{ var("dovecote_timezone") }}')
{%- endmacro %}


{# The shop's calendar day of an instant. #}
{% macro local_date(instant) -%}
    cast({{ dovecote.local_timestamp(instant) }} as date)
{%- endmacro %}


{# Whole microseconds from one instant to another. #}
{% macro microseconds_between(earlier, later) -%}
    {{ adapter.dispatch('microseconds_between', 'dovecote')(earlier, later) }}
{%- endmacro %}

{% macro default__microseconds_between(earlier, later) -%}
    date_diff('microsecond', {{ earlier }}, {{ later }})
{%- endmacro %}

{% macro spark__microseconds_between(earlier, later) -%}
    (unix_micros({{ later }}) - unix_micros({{ earlier }}))
{%- endmacro %}


{# Days of 24 hours from one instant to another, as a double. #}
{% macro elapsed_days(earlier, later) -%}
    cast({{ dovecote.microseconds_between(earlier, later) }} / 86400000000.0 as double)
{%- endmacro %}


{# Whole days from one date to another. #}
{% macro days_between(earlier, later) -%}
    {{ adapter.dispatch('days_between', 'dovecote')(earlier, later) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    date_diff('day', {{ earlier }}, {{ later }})
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}


{# A date some whole days later; the count may be an expression. #}
{% macro date_plus_days(day, days) -%}
    {{ adapter.dispatch('date_plus_days', 'dovecote')(day, days) }}
{%- endmacro %}

{% macro default__date_plus_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__date_plus_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as integer))
{%- endmacro %}


{# A date some whole months later; the count may be an expression. #}
{% macro date_plus_months(day, months) -%}
    {{ adapter.dispatch('date_plus_months', 'dovecote')(day, months) }}
{%- endmacro %}

{% macro default__date_plus_months(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__date_plus_months(day, months) -%}
    add_months({{ day }}, cast({{ months }} as integer))
{%- endmacro %}


{# An instant some whole hours later, microseconds kept; the count may be an expression. #}
{% macro instant_plus_hours(instant, hours) -%}
    {{ adapter.dispatch('instant_plus_hours', 'dovecote')(instant, hours) }}
{%- endmacro %}

{% macro default__instant_plus_hours(instant, hours) -%}
    ({{ instant }} + to_hours(cast({{ hours }} as bigint)))
{%- endmacro %}

{% macro spark__instant_plus_hours(instant, hours) -%}
    ({{ instant }} + make_dt_interval(0, cast({{ hours }} as integer)))
{%- endmacro %}


{# One row per day, both ends included. #}
{% macro days_from_to(first_day, last_day) -%}
    {{ adapter.dispatch('days_from_to', 'dovecote')(first_day, last_day) }}
{%- endmacro %}

{% macro default__days_from_to(first_day, last_day) -%}
    unnest(cast(range({{ first_day }}, {{ last_day }} + 1, interval 1 day) as date[]))
{%- endmacro %}

{% macro spark__days_from_to(first_day, last_day) -%}
    explode(sequence({{ first_day }}, {{ last_day }}))
{%- endmacro %}


{# One row per whole number, both ends included. #}
{% macro integers_from_to(first_number, last_number) -%}
    {{ adapter.dispatch('integers_from_to', 'dovecote')(first_number, last_number) }}
{%- endmacro %}

{% macro default__integers_from_to(first_number, last_number) -%}
    unnest(range({{ first_number }}, {{ last_number }} + 1))
{%- endmacro %}

{% macro spark__integers_from_to(first_number, last_number) -%}
    explode(sequence({{ first_number }}, {{ last_number }}))
{%- endmacro %}


{# The first value that is not null, as a window function: follow it with over (...). #}
{% macro first_known(value) -%}
    {{ adapter.dispatch('first_known', 'dovecote')(value) }}
{%- endmacro %}

{% macro default__first_known(value) -%}
    first_value({{ value }} ignore nulls)
{%- endmacro %}

{% macro spark__first_known(value) -%}
    first_value({{ value }}, true)
{%- endmacro %}


{# The last value that is not null, as a window function: follow it with over (...). #}
{% macro last_known(value) -%}
    {{ adapter.dispatch('last_known', 'dovecote')(value) }}
{%- endmacro %}

{% macro default__last_known(value) -%}
    last_value({{ value }} ignore nulls)
{%- endmacro %}

{% macro spark__last_known(value) -%}
    last_value({{ value }}, true)
{%- endmacro %}


{# The value in the row that comes first by some columns, as an aggregate. #}
{% macro first_by(value, columns) -%}
    min_by({{ value }}, {{ dovecote.order_key(columns) }})
{%- endmacro %}


{#
    Several columns as one to order by. DuckDB finds the first few rows of each partition several times faster by one
    key than by several.
#}
{% macro order_key(columns) -%}
    {{ adapter.dispatch('order_key', 'dovecote')(columns) }}
{%- endmacro %}

{% macro default__order_key(columns) -%}
    row({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__order_key(columns) -%}
    struct({{ columns | join(', ') }})
{%- endmacro %}


{# Texts of a group joined in the order of some columns, as an aggregate. #}
{% macro joined_in_order(value, columns, separator) -%}
    {{ adapter.dispatch('joined_in_order', 'dovecote')(value, columns, separator) }}
{%- endmacro %}

{% macro default__joined_in_order(value, columns, separator) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__joined_in_order(value, columns, separator) -%}
    array_join(
        transform(
            array_sort(collect_list(struct({{ columns | join(', ') }}, {{ value }} as joined_text))),
            element -> element.joined_text
        ),
        '{{ separator }}'
    )
{%- endmacro %}


{# The first few texts of those rows of a group that meet a condition, joined in the order of a number, as an aggregate. #}
{% macro first_joined(value, number, count, separator, condition) -%}
    {{ adapter.dispatch('first_joined', 'dovecote')(value, number, count, separator, condition) }}
{%- endmacro %}

{% macro default__first_joined(value, number, count, separator, condition) -%}
    array_to_string(min_by({{ value }}, {{ number }}, {{ count }}) filter (where {{ condition }}), '{{ separator }}')
{%- endmacro %}

{% macro spark__first_joined(value, number, count, separator, condition) -%}
    array_join(
        transform(
            slice(
                array_sort(
                    collect_list(struct({{ number }} as place, {{ value }} as joined_text)) filter (where {{ condition }})
                ),
                1,
                {{ count }}
            ),
            element -> element.joined_text
        ),
        '{{ separator }}'
    )
{%- endmacro %}


{# The value at a share of the sorted rows, one of the values itself, as an aggregate. #}
{% macro percentile_disc(value, share) -%}
    {{ adapter.dispatch('percentile_disc', 'dovecote')(value, share) }}
{%- endmacro %}

{% macro default__percentile_disc(value, share) -%}
    percentile_disc({{ share }}) within group (order by {{ value }})
{%- endmacro %}


{# The date at a share of the sorted rows, as an aggregate; Spark has percentiles of numbers alone. #}
{% macro percentile_date(day, share) -%}
    {{ dovecote.date_plus_days(
        "date '1970-01-01'",
        dovecote.percentile_disc(dovecote.days_between("date '1970-01-01'", day), share)
    ) }}
{%- endmacro %}


{#
    A double rounded to some decimals, halves away from 0. Spark rounds the shortest decimal that reads as the double,
    DuckDB the double times a power of ten: they differ where that product is no half.
#}
{% macro rounded(value, decimals) -%}
    {{ adapter.dispatch('rounded', 'dovecote')(value, decimals) }}
{%- endmacro %}

{% macro default__rounded(value, decimals) -%}
    round({{ value }}, {{ decimals }})
{%- endmacro %}

{% macro spark__rounded(value, decimals) -%}
    {%- set power = "cast(" ~ 10 ** decimals ~ " as double)" -%}
    (round(({{ value }}) * {{ power }}, 0) / {{ power }})
{%- endmacro %}


{# A double as a decimal of some decimals, to be written out. #}
{% macro decimal_of(value, decimals) -%}
    {{ adapter.dispatch('decimal_of', 'dovecote')(value, decimals) }}
{%- endmacro %}

{% macro default__decimal_of(value, decimals) -%}
    cast({{ value }} as decimal(38, {{ decimals }}))
{%- endmacro %}

{% macro spark__decimal_of(value, decimals) -%}
    cast({{ dovecote.rounded(value, decimals) }} as decimal(38, {{ decimals }}))
{%- endmacro %}


{# The median of all rows of the partition up to this one, as a window function with its window. #}
{% macro running_median(value, partition_by, order_by) -%}
    {{ adapter.dispatch('running_median', 'dovecote')(value, partition_by, order_by) }}
{%- endmacro %}

{% macro default__running_median(value, partition_by, order_by) -%}
    median({{ value }}) over (
        partition by {{ partition_by }}
        order by {{ order_by }}
        rows between unbounded preceding and current row
    )
{%- endmacro %}

{# Spark's own median knows no running window. #}
{% macro spark__running_median(value, partition_by, order_by) -%}
    get(
        transform(
            array(
                array_sort(
                    collect_list({{ value }}) over (
                        partition by {{ partition_by }}
                        order by {{ order_by }}
                        rows between unbounded preceding and current row
                    )
                )
            ),
            known -> cast(get(known, cast((size(known) - 1) div 2 as int)) + get(known, cast(size(known) div 2 as int)) as double) / 2
        ),
        0
    )
{%- endmacro %}


{# The places (1, 2, ...) of some numbers as a list, the largest first, without those that are null. #}
{% macro places_by_weight(weights) -%}
    {{ adapter.dispatch('places_by_weight', 'dovecote')(weights) }}
{%- endmacro %}

{% macro default__places_by_weight(weights) -%}
    list_transform(
        list_sort(
            list_filter(
                list_value(
                    {%- for weight in weights %}
                    {'weight': {{ weight }}, 'place': -{{ loop.index }}}{{ "," if not loop.last }}
                    {%- endfor %}
                ),
                lambda item: item.weight is not null
            ),
            'DESC'
        ),
        lambda item: -item.place
    )
{%- endmacro %}

{% macro spark__places_by_weight(weights) -%}
    transform(
        sort_array(
            filter(
                array(
                    {%- for weight in weights %}
                    named_struct('weight', {{ weight }}, 'place', -{{ loop.index }}){{ "," if not loop.last }}
                    {%- endfor %}
                ),
                item -> item.weight is not null
            ),
            false
        ),
        item -> -item.place
    )
{%- endmacro %}


{# A list of one value. #}
{% macro list_of(value) -%}
    {{ adapter.dispatch('list_of', 'dovecote')(value) }}
{%- endmacro %}

{% macro default__list_of(value) -%}
    list_value({{ value }})
{%- endmacro %}

{% macro spark__list_of(value) -%}
    array({{ value }})
{%- endmacro %}


{# The element of a list at a place counted from 1; null beyond its end. #}
{% macro element_of(list, place) -%}
    {{ adapter.dispatch('element_of', 'dovecote')(list, place) }}
{%- endmacro %}

{% macro default__element_of(list, place) -%}
    list_extract({{ list }}, {{ place }})
{%- endmacro %}

{% macro spark__element_of(list, place) -%}
    get({{ list }}, {{ place }} - 1)
{%- endmacro %}


{# A number that changes with any row of a relation, and not with their order, as an aggregate. #}
{% macro rows_fingerprint(relation) -%}
    {{ adapter.dispatch('rows_fingerprint', 'dovecote')(relation) }}
{%- endmacro %}

{% macro default__rows_fingerprint(relation) -%}
    coalesce(sum(cast(hash({{ relation }}) as hugeint)), 0)
{%- endmacro %}

{% macro spark__rows_fingerprint(relation) -%}
    coalesce(sum(cast(xxhash64(to_json(struct({{ relation }}.*))) as decimal(38, 0))), 0)
{%- endmacro %}


{#
    A row's columns as one JSON text. Their values are read from columns whose names start with `read_from`, or written
    as texts, which engines spell alike.
#}
{% macro columns_as_json(columns, read_from='', as_texts=false) -%}
    {{ adapter.dispatch('columns_as_json', 'dovecote')(columns, read_from, as_texts) }}
{%- endmacro %}

{% macro default__columns_as_json(columns, read_from, as_texts) -%}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- do pairs.append("'" ~ column.split('.', 1)[-1] | replace('""', "\x00") | replace('"', "") | replace("\x00", '"') | replace("'", "''") ~ "', " ~ ("cast(" ~ column ~ " as string)" if as_texts else read_from ~ column)) -%}
    {%- endfor -%}
    cast(json_object({{ pairs | join(', ') }}) as string)
{%- endmacro %}

{% macro spark__columns_as_json(columns, read_from, as_texts) -%}
    {%- set values = [] -%}
    {%- for column in columns -%}
        {%- set value = "cast(" ~ column ~ " as string)" if as_texts else read_from ~ column -%}
        {%- do values.append(value ~ " as " ~ column if as_texts or read_from else column) -%}
    {%- endfor -%}
    to_json(struct({{ values | join(', ') }}), map('ignoreNullFields', 'false'))
{%- endmacro %}


{# Before the parenthesis of a CTE that is cheaper to compute twice than to keep. #}
{% macro not_materialized() -%}
    {{ adapter.dispatch('not_materialized', 'dovecote')() }}
{%- endmacro %}

{% macro default__not_materialized() -%}
    not materialized
{%- endmacro %}

{% macro spark__not_materialized() -%}
{%- endmacro %}


{#
    A raw value as an instant. Text with an offset (+01:00, +0100, Z, UTC) is turned to UTC, which a plain cast would
    not do; text without one is UTC. A zone's name is refused: DuckDB would take it for that of the rows after it
    too. Infinity and years before 1 or after 9999 are no times.
#}
{% macro read_timestamp(value) -%}
    {{ adapter.dispatch('read_timestamp', 'dovecote')(value) }}
{%- endmacro %}

{% macro default__read_timestamp(value) -%}
    {%- set text = "cast(" ~ value ~ " as string)" -%}
    {%- set as_instant -%}
        case
            when typeof({{ value }}) = 'TIMESTAMP' then try_cast({{ value }} as timestamp)
            when regexp_matches({{ text }}, ':[0-9.]+ ?([+-][0-9:]+|Z|UTC|GMT)$')
                then timezone(
                    'UTC',
                    try_cast(
                        regexp_replace(regexp_replace({{ text }}, ' ?(Z|UTC|GMT)$', '+00'), ' ([+-])', '\1') as timestamptz
                    )
                )
            else try_cast({{ value }} as timestamp)
        end
    {%- endset -%}
    case
        when {{ as_instant }} between timestamp '0001-01-01' and timestamp '9999-12-31'
            then {{ as_instant }}
    end
{%- endmacro %}

{# A cast alone would take a year or a time of day for an instant too. #}
{% macro spark__read_timestamp(value) -%}
    {%- set text = "cast(" ~ value ~ " as string)" -%}
    {%- set instant = '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]*)?)?( ?([+-][0-9:]+|Z|UTC|GMT))?)?$' -%}
    case
        when typeof({{ value }}) in ('timestamp', 'timestamp_ntz', 'date') then try_cast({{ value }} as timestamp)
        when {{ text }} rlike '{{ instant }}'
            then try_cast(regexp_replace(regexp_replace({{ text }}, ' ?(Z|UTC|GMT)$', 'Z'), ' ([+-])', '$1') as timestamp)
    end
{%- endmacro %}


{# The hash of a text, as 64 hexadecimal digits. #}
{% macro sha256(text) -%}
    {{ adapter.dispatch('sha256', 'dovecote')(text) }}
{%- endmacro %}

{% macro default__sha256(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro spark__sha256(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}


{#
    The salt of pseudonyms. SQL knows it by name only, as its text would end up in compiled files and logs; the plugin
    dovecote.pseudonyms hands it to the connection.
#}
{% macro salt() -%}
    {{ adapter.dispatch('salt', 'dovecote')() }}
{%- endmacro %}

{% macro default__salt() -%}
    getvariable('dovecote_salt')
{%- endmacro %}

{# Spark would write the salt into its plans, which end up in logs. #}
{% macro spark__salt() -%}
    {%- do dovecote.stop("dovecote_pseudonymise is true, and Spark has no place to keep a salt from its logs: make pseudonyms before, or build on DuckDB.") -%}
{%- endmacro %}


{#
    A condition on a row of a relation, for keys that came lately and lie together: DuckDB looks for their places first, so
    that it reads other columns of these alone.
#}
{% macro by_place(row, relation, condition) -%}
    {{ adapter.dispatch('by_place', 'dovecote')(row, relation, condition) }}
{%- endmacro %}

{% macro default__by_place(row, relation, condition) -%}
    {{ row }}.rowid in (select seen.rowid from {{ relation }} as seen where {{ condition }})
{%- endmacro %}

{% macro spark__by_place(row, relation, condition) -%}
    {{ condition }}
{%- endmacro %}


{# The function that stops a query with a sentence. #}
{% macro error_function() -%}
    {{ adapter.dispatch('error_function', 'dovecote')() }}
{%- endmacro %}

{% macro default__error_function() -%}
    error
{%- endmacro %}

{% macro spark__error_function() -%}
    raise_error
{%- endmacro %}


{#
    Makes a table of a query in the place of an old one; a scratch table is nobody else's. The statement of this name is
    the one that dbt reports, and begins a transaction.
#}
{% macro make_table(relation, query, is_scratch=false, statement_name=none) %}
    {%- do adapter.dispatch('make_table', 'dovecote')(relation, query, is_scratch, statement_name) -%}
{% endmacro %}

{% macro default__make_table(relation, query, is_scratch, statement_name) %}
    {% call statement(statement_name, auto_begin=statement_name is not none) -%}
        create or replace {{ "temp " if is_scratch }}table {{ relation }} as {{ query }}
    {%- endcall %}
{% endmacro %}

{% macro spark__make_table(relation, query, is_scratch, statement_name) %}
    {%- do run_query("drop table if exists " ~ relation) -%}
    {% call statement(statement_name) -%}
        create table {{ relation }} using parquet as {{ query }}
    {%- endcall %}
{% endmacro %}


{# What a scratch table is called; Spark, which has no temporary tables, keeps it with what a build keeps. #}
{% macro scratch_table(name) %}
    {{ return(adapter.dispatch('scratch_table', 'dovecote')(name)) }}
{% endmacro %}

{% macro default__scratch_table(name) %}
    {{ return(name) }}
{% endmacro %}

{% macro spark__scratch_table(name) %}
    {{ return(dovecote.kept_schema() ~ '.' ~ name) }}
{% endmacro %}


{# Puts the rows of a query in the place of all rows of a table; on Spark of those of the partitions that it has rows of. #}
{% macro overwrite_table(relation, query) %}
    {{ return(adapter.dispatch('overwrite_table', 'dovecote')(relation, query)) }}
{% endmacro %}

{% macro default__overwrite_table(relation, query) %}
    {%- do run_query("delete from " ~ relation) -%}
    {%- do run_query("insert into " ~ relation ~ " by name " ~ query) -%}
{% endmacro %}

{% macro spark__overwrite_table(relation, query) %}
    {%- do run_query("set spark.sql.sources.partitionOverwriteMode = dynamic") -%}
    {%- do run_query("insert overwrite table " ~ relation ~ " by name " ~ query) -%}
{% endmacro %}


{# Rows of a table outside of what dbt manages changed in place. #}
{% macro update_rows(relation, assignments, condition) %}
    {{ return(adapter.dispatch('update_rows', 'dovecote')(relation, assignments, condition)) }}
{% endmacro %}

{% macro default__update_rows(relation, assignments, condition) %}
    {%- set parts = [] -%}
    {%- for name, value in assignments.items() -%}
        {%- do parts.append(name ~ " = " ~ value) -%}
    {%- endfor -%}
    {%- do run_query("update " ~ relation ~ " set " ~ parts | join(", ") ~ " where " ~ condition) -%}
{% endmacro %}

{% macro spark__update_rows(relation, assignments, condition) %}
    {%- set columns = [] -%}
    {%- for name in run_query("select * from " ~ relation ~ " limit 0").column_names -%}
        {%- if name in assignments -%}
            {%- do columns.append("case when " ~ condition ~ " then " ~ assignments[name] ~ " else " ~ name ~ " end as " ~ name) -%}
        {%- else -%}
            {%- do columns.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dovecote.rewrite_table(relation, "select " ~ columns | join(", ") ~ " from " ~ relation) -%}
{% endmacro %}


{# Rows of a table taken out. #}
{% macro delete_rows(relation, condition) %}
    {{ return(adapter.dispatch('delete_rows', 'dovecote')(relation, condition)) }}
{% endmacro %}

{% macro default__delete_rows(relation, condition) %}
    {%- do run_query("delete from " ~ relation ~ " where " ~ condition) -%}
{% endmacro %}

{% macro spark__delete_rows(relation, condition) %}
    {%- if run_query("select 1 from " ~ relation ~ " where " ~ condition ~ " limit 1").rows -%}
        {%- do dovecote.rewrite_table(relation, "select * from " ~ relation ~ " where not coalesce(" ~ condition ~ ", false)") -%}
    {%- endif -%}
{% endmacro %}


{# Spark's Parquet tables take no update and no delete, and none can be overwritten by a query that reads it. #}
{% macro rewrite_table(relation, query) %}
    {%- set rewritten = relation ~ "__rewritten" -%}
    {%- do adapter.claim_place(rewritten) -%}
    {%- do run_query("create table " ~ rewritten ~ " using parquet as " ~ query) -%}
    {%- do dovecote.finish_rewrite(relation) -%}
{% endmacro %}

{# Spark empties a table before it overwrites it, so what a killed build was rewriting may be in the new copy alone. #}
{% macro finish_rewrite(relation) %}
    {%- set rewritten = relation ~ "__rewritten" -%}
    {#- as one file, so that a kill leaves all rows or none for those who read meanwhile -#}
    {%- do run_query("insert overwrite table " ~ relation ~ " select /*+ coalesce(1) */ * from " ~ rewritten) -%}
    {%- do run_query("drop table " ~ rewritten) -%}
{% endmacro %}


{# Brings to an end what a killed build was rewriting in a schema, which Spark alone does by copies. #}
{% macro finish_rewrites(schema) %}
    {%- do adapter.dispatch('finish_rewrites', 'dovecote')(schema) -%}
{% endmacro %}

{% macro default__finish_rewrites(schema) %}{% endmacro %}

{% macro spark__finish_rewrites(schema) %}
    {%- for rewritten in run_query("show tables in " ~ schema ~ " like '*__rewritten'").columns[1].values() -%}
        {%- do dovecote.finish_rewrite(schema ~ "." ~ rewritten.removesuffix("__rewritten")) -%}
    {%- endfor -%}
{% endmacro %}


{# Whether the database knows a time zone of this name. #}
{% macro is_timezone(name) %}
    {{ return(adapter.dispatch('is_timezone', 'dovecote')(name)) }}
{% endmacro %}

{% macro default__is_timezone(name) %}
    {{ return(run_query("select count(*) from pg_timezone_names() where name = '" ~ dovecote.quoted(name) ~ "'").rows[0][0] > 0) }}
{% endmacro %}

{# Spark lists none, and both take theirs from the same database. #}
{% macro spark__is_timezone(name) %}
    {{ return(name in modules.pytz.all_timezones) }}
{% endmacro %}


{# The time zone in which the connection reads instants without an offset. #}
{% macro session_timezone() %}
    {{ return(adapter.dispatch('session_timezone', 'dovecote')()) }}
{% endmacro %}

{% macro default__session_timezone() %}
    {{ return(run_query("select current_setting('TimeZone')").rows[0][0]) }}
{% endmacro %}

{% macro spark__session_timezone() %}
    {{ return(run_query("select current_timezone()").rows[0][0]) }}
{% endmacro %}
