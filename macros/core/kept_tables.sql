{#
    A table that takes the place of the old one. The adapter's own way, under another name first and renamed then, is for
    databases without transactions around definitions, and costs more than the SQL of a small shop.
#}
{% macro build_table() %}
    {{ return(adapter.dispatch('build_table', 'dovecote')()) }}
{% endmacro %}

{% macro duckdb__build_table() %}
    {%- set old = load_cached_relation(this) -%}
    {%- set new = this.incorporate(type='table') -%}
    {%- set parts = dovecote.parts(config.get('in_parts_of')) if config.get('in_parts_of') else 1 -%}
    {{ run_hooks(pre_hooks) }}
    {%- if parts > 1 -%} {%- do dovecote.take_part(0, parts) -%} {%- endif -%}
    {% call statement('main') -%}
        {{ "drop " ~ old.type ~ " if exists " ~ old ~ ";" if old }}
        {{ create_table_as(False, new, compiled_code) }}
    {%- endcall %}
    {%- for part in range(1, parts) -%}
        {%- do dovecote.take_part(part, parts) -%}
        {%- do run_query("insert into " ~ new ~ " by name " ~ compiled_code) -%}
    {%- endfor -%}
    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(new, model) -%}
    {{ adapter.commit() }}
    {{ return({'relations': [new]}) }}
{% endmacro %}

{% macro spark__build_table() %}
    {%- if not config.get('stored_by_month_of') -%}
        {{ return(dbt.materialization_table_spark()) }}
    {%- endif -%}
    {%- set new = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- do adapter.drop_relation(load_cached_relation(this) or new) -%}
    {% call statement('main') -%}
        create table {{ new }} {{ file_format_clause() }} {{ options_clause() }} {{ tblproperties_clause() }}
        partitioned by (stored_month) {{ location_clause() }} {{ comment_clause() }} as
        {{ dovecote.by_month(dovecote.as_stored(compiled_code)) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {%- do apply_grants(new, config.get('grants'), should_revoke(load_cached_relation(this), full_refresh_mode=True)) -%}
    {%- do persist_docs(new, model) -%}
    {{ return({'relations': [new]}) }}
{% endmacro %}


{#
    The rows of a query as this table stores them. On Spark a table may be partitioned by the month of an instant or a
    date (`stored_by_month_of`), so that a build of changes overwrites few of its files; the month is its last column.
#}
{% macro as_stored(query) %}
    {{ return(adapter.dispatch('as_stored', 'dovecote')(query)) }}
{% endmacro %}

{% macro default__as_stored(query) %}
    {{ return(query) }}
{% endmacro %}

{% macro spark__as_stored(query) %}
    {%- set instant = config.get('stored_by_month_of') -%}
    {{ return(
        "select *, coalesce(date_format(" ~ instant ~ ", 'yyyy-MM'), 'none') as stored_month from (" ~ query ~ ") as new_rows"
        if instant else query
    ) }}
{% endmacro %}

{# Stored rows in few files a month, on Spark. #}
{% macro by_month(query) %}
    {{ return("select /*+ rebalance(stored_month) */ * from (" ~ query ~ ") as stored" if config.get('stored_by_month_of') else query) }}
{% endmacro %}


{#
    A table as a model reads it whose SQL looks at each person by itself: all of it, or where its rows are too many for
    memory at once, the people of one part after the other, whom the materialization takes (`in_parts_of`), smaller ones
    where `reads_of_part` says that a model reads them several times. What windows and groups hold of texts does not
    spill.
#}
{% macro part_of(name) %}
    {%- set relation = ref('dovecote', name) -%}
    {%- set is_parted = execute and model.config.get('in_parts_of') == name and not dovecote.is_slice() and dovecote.parts(name) > 1 -%}
    {{ return(dovecote.counted_rows(name) if is_parted else relation) }}
{% endmacro %}

{# In how many parts a table is read. #}
{% macro parts(name) %}
    {{ return(adapter.dispatch('parts', 'dovecote')(name)) }}
{% endmacro %}

{% macro default__parts(name) %}
    {{ return(1) }}
{% endmacro %}

{% macro duckdb__parts(name) %}
    {#- about what a row takes in memory, with all that windows and groups hold beside it, each time that the model reads it -#}
    {%- set bytes_per_row = 300 * config.get('reads_of_part', 1) -%}
    {%- if load_relation(ref('dovecote', name)) is none -%}
        {{ return(1) }}
    {%- endif -%}
    {{ return(run_query(
        "select greatest(1, ceil(" ~ bytes_per_row ~ " * count(*) / parse_formatted_bytes(current_setting('memory_limit'))))::integer from "
        ~ ref('dovecote', name)
    ).rows[0][0]) }}
{% endmacro %}

{# Takes the people of one of so many parts of the table. #}
{% macro take_part(part, parts) %}
    {%- set name = config.require('in_parts_of') -%}
    {%- do run_query(
        "create or replace temp view " ~ dovecote.counted_rows(name) ~ " as select * from " ~ ref('dovecote', name)
        ~ " where hash(person_id) % " ~ parts ~ " = " ~ part
    ) -%}
{% endmacro %}

{# The adapter's own view. #}
{% macro build_view() %}
    {{ return(dbt.materialization_view_default()) }}
{% endmacro %}


{# A relation as a view names it that holds wherever its database is, and under any name. #}
{% macro in_same_database(relation) %}
    {{ return(relation.include(database=false)) }}
{% endmacro %}


{# Whether this table holds already what its code would make. #}
{% macro is_up_to_date() %}
    {{ return(dovecote.scope() == 'nothing' and load_cached_relation(this) is not none) }}
{% endmacro %}


{# Leaves the table of this model as it is. #}
{% macro keep_table() %}
    {% call noop_statement('main', 'KEPT') %}{% endcall %}
    {{ return({'relations': [this]}) }}
{% endmacro %}


{# The condition that some columns, of which each is a name or all are a list, are found together in a relation. #}
{% macro is_among(columns, relation, their_columns) %}
    {%- set columns = [columns] if columns is string else columns -%}
    {%- set their_columns = [their_columns] if their_columns is string else their_columns -%}
    {{ return(
        "(" ~ columns | join(", ") ~ ") in (select " ~ dovecote.each_of(their_columns, "found.{0}") ~ " from " ~ relation ~ " as found)"
    ) }}
{% endmacro %}

{# The condition that a row's columns are not; Spark joins what does not exist, but compares each pair of what is not in. #}
{% macro is_not_among(row, columns, relation) %}
    {%- set columns = [columns] if columns is string else columns -%}
    {{ return(
        "not exists (select 1 from " ~ relation ~ " as found where "
        ~ dovecote.each_of(columns, "found.{0} = " ~ row ~ ".{0}", " and ") ~ ")"
    ) }}
{% endmacro %}


{# The relation of a node that a model need not depend on, as one that it depends on does. #}
{% macro relation_of(node) %}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) }}
{% endmacro %}


{# An expression written for each of some columns, in the place of {0}. #}
{% macro each_of(columns, expression, separator=', ') %}
    {%- set written = [] -%}
    {%- for column in columns -%} {%- do written.append(expression.format(column)) -%} {%- endfor -%}
    {{ return(written | join(separator)) }}
{% endmacro %}


{# Where a table of Python is made before it takes the place of the old one; Spark overwrites that one itself. #}
{% macro place_of_new_table() %}
    {%- if target.type != 'duckdb' -%}
        {{ return(this.incorporate(type='table')) }}
    {%- endif -%}
    {%- set new_table = make_intermediate_relation(this.incorporate(type='table')) -%}
    {%- do run_query("drop table if exists " ~ new_table) -%}
    {{ return(new_table) }}
{% endmacro %}

{# Puts a table of Python in the place of the old one. #}
{% macro move_new_table(new_table) %}
    {%- if target.type == 'duckdb' -%}
        {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
        {%- do adapter.rename_relation(new_table, this.incorporate(type='table')) -%}
    {%- endif -%}
{% endmacro %}
