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
    {{ return(dbt.materialization_table_spark()) }}
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


{#
    Puts the new rows of a slice in the place of the old ones, in one transaction. Both stay beside the table until the
    build ends, as do those of them that differ, for what rests on them.
#}
{% macro replace_slice() %}
    {%- set rows = {} -%}
    {%- for state in dovecote.slice_states() -%} {%- do rows.update({state: dovecote.slice_relation(model.name, state)}) -%} {%- endfor -%}
    {%- set places = dovecote.places_of_slice(rows['made']) -%}
    {{ run_hooks(pre_hooks) }}
    {#- the code of a slice that a relation names may read what was known of it -#}
    {%- if config.get('slice_of') -%} {%- do dovecote.take_known_rows(rows['known'], places) -%} {%- endif -%}
    {% call statement('main') -%}
        create or replace table {{ rows['made'] }} as {{ compiled_code }}
    {%- endcall %}
    {%- if not config.get('slice_of') -%} {%- do dovecote.take_known_rows(rows['known'], places) -%} {%- endif -%}
    {%- set are_same = dovecote.each_of(
        adapter.get_columns_in_relation(this) | map(attribute='quoted') | list, "made.{0} is not distinct from known.{0}", " and "
    ) -%}
    {%- do run_query(
        "create or replace table " ~ rows['replaced'] ~ " as select * from " ~ rows['known'] ~ " as known anti join " ~ rows['made']
        ~ " as made on " ~ are_same
    ) -%}
    {%- do run_query(
        "create or replace table " ~ rows['replacing'] ~ " as select * from " ~ rows['made'] ~ " as made anti join " ~ rows['known']
        ~ " as known on " ~ are_same
    ) -%}
    {%- do run_query("delete from " ~ this ~ " where rowid in (select known_place from " ~ rows['replaced'] ~ ")") -%}
    {%- do run_query("insert into " ~ this ~ " by name select * from " ~ rows['replacing']) -%}
    {%- for state in ['known', 'replaced'] -%} {%- do run_query("alter table " ~ rows[state] ~ " drop column known_place") -%} {%- endfor -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [this]}) }}
{% endmacro %}

{# Takes the rows that a slice may replace. #}
{% macro take_known_rows(known, places) %}
    {#- places first, so that other columns are read of these rows alone -#}
    {%- do run_query(
        "create or replace table " ~ known ~ " as select *, rowid as known_place from " ~ this ~ " where rowid in (" ~ places ~ ")"
    ) -%}
{% endmacro %}

{# The places of the rows of this table that a slice may replace, as a query; `made` are the rows that it has made. #}
{% macro places_of_slice(made) %}
    {%- set slice_of = config.get('slice_of') -%}
    {%- if config.get('slice_on') -%}
        {{ return(
            "select sliced.rowid from " ~ this ~ " as sliced inner join " ~ ref('dovecote', slice_of) ~ " as found on " ~ config.get('slice_on')
        ) }}
    {%- endif -%}
    {%- set places = [] -%}
    {%- for key, relation in dovecote.slices() -%}
        {%- do places.append(
            "select sliced.rowid from " ~ this ~ " as sliced where "
            ~ dovecote.is_among(key, ref('dovecote', relation) if relation else made, config.get('slice_column', key))
            ~ (" and " ~ config.get('slice_where') if config.get('slice_where') else "")
        ) -%}
    {%- endfor -%}
    {{ return(places | join(" union ")) }}
{% endmacro %}

{# The keys by which a table is sliced, each with the name of the relation that it is looked for in, if any. #}
{% macro slices() %}
    {%- set keys = config.require('slice_key') -%}
    {%- set relations = config.get('slice_of') -%}
    {{ return(zip([keys], [relations]) | list if keys is string else zip(keys, relations) | list) }}
{% endmacro %}


{#
    What is kept of a slice while a build lasts: its rows as they were `known` and as they were `made`, and those of
    either that the other lacks, `replaced` by the `replacing`.
#}
{% macro slice_states() %}
    {{ return(['known', 'made', 'replaced', 'replacing']) }}
{% endmacro %}

{# Where a table's slice is kept in one of these states. #}
{% macro slice_relation(name, state) %}
    {{ return(dovecote.history_schema() ~ '.' ~ state ~ '_' ~ name) }}
{% endmacro %}


{# The condition that some columns, of which each is a name or all are a list, are found together in a relation. #}
{% macro is_among(columns, relation, their_columns, negated=false) %}
    {%- set columns = [columns] if columns is string else columns -%}
    {%- set their_columns = [their_columns] if their_columns is string else their_columns -%}
    {{ return(
        "(" ~ columns | join(", ") ~ ") " ~ ("not in" if negated else "in")
        ~ " (select " ~ dovecote.each_of(their_columns, "found.{0}") ~ " from " ~ relation ~ " as found)"
    ) }}
{% endmacro %}


{#
    A sliced table as a summed table counts it: all of it, or in a build of changes the rows that differ, which the
    materialization takes twice, as they were and as they are; with `people`, one of the table's in sums_people, all rows
    of the people in that relation besides.
#}
{% macro counted(name, people=none) %}
    {%- set relation = ref('dovecote', name) -%}
    {%- if people -%}
        {%- do ref('dovecote', people) -%}
        {#- a unit test has no config of its model -#}
        {%- if execute and model.resource_type == 'model' and people not in config.get('sums_people', {}).get(name, []) -%}
            {%- do exceptions.raise_compiler_error(model.name ~ " counts all rows of " ~ people ~ " in " ~ name ~ ": name it in its config sums_people.") -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(dovecote.counted_rows(name, people) if dovecote.is_slice() else relation) }}
{% endmacro %}


{# Takes what the old rows of slices gave off the sums and adds what the new rows give. #}
{% macro add_changes() %}
    {%- set keys = config.require('sum_keys') -%}
    {%- set sums = adapter.get_columns_in_relation(this) | map(attribute='name') | reject('in', keys) | list -%}
    {%- set changes = make_temp_relation(this).identifier -%}
    {{ run_hooks(pre_hooks) }}
    {%- do dovecote.take_left_rows() -%}
    {%- do dovecote.take_counted_rows('before') -%}
    {%- do run_query("create or replace temp table " ~ changes ~ " as select " ~ keys | join(", ") ~ ", "
        ~ dovecote.each_of(sums, "-{0} as {0}") ~ " from (" ~ compiled_code ~ ")") -%}
    {%- do dovecote.take_counted_rows('now') -%}
    {% call statement('main') -%}
        insert into {{ changes }} by name {{ compiled_code }}
    {%- endcall %}
    {%- do run_query("insert into " ~ changes ~ " by name select * from " ~ this) -%}
    {%- do run_query("delete from " ~ this) -%}
    {%- do run_query("insert into " ~ this ~ " by name select " ~ keys | join(", ") ~ ", " ~ dovecote.each_of(sums, "sum({0}) as {0}")
        ~ " from " ~ changes ~ " group by all having " ~ dovecote.each_of(sums, "sum({0}) <> 0", " or ")) -%}
    {%- do run_query("drop table " ~ changes) -%}
    {%- do dovecote.drop_left_rows() -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [this]}) }}
{% endmacro %}


{#
    Takes the rows that a summed table counts of the sliced tables that it reads, as they were before this build or are
    now. A slice by person holds all rows of its people; of one that is finer, rows that were left are added.
#}
{% macro take_counted_rows(when) %}
    {%- for node in dovecote.sliced_inputs() -%}
        {%- set all_rows = "select * from " ~ dovecote.slice_relation(node.name, 'known' if when == 'before' else 'made') -%}
        {%- set differing = "select * from " ~ dovecote.slice_relation(node.name, 'replaced' if when == 'before' else 'replacing') -%}
        {%- do dovecote.take_rows(dovecote.counted_rows(node.name), differing) -%}
        {%- for people in config.get('sums_people', {}).get(node.name, []) -%}
            {%- set counted = dovecote.counted_rows(node.name, people) -%}
            {%- set person = node.config.slice_key -%}
            {%- if node.config.slice_on -%}
                {%- do dovecote.take_rows(counted, differing ~ " union all by name select * from " ~ dovecote.left_rows(node.name, people)) -%}
            {%- elif node.config.slice_of == people -%}
                {%- do dovecote.take_rows(counted, all_rows) -%}
            {%- else -%}
                {%- set of_people = dovecote.is_among(person, ref('dovecote', people), 'person_id') -%}
                {%- do dovecote.take_rows(counted, all_rows ~ " where " ~ of_people ~ " union all " ~ differing ~ " where not " ~ of_people) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{# A temporary view of rows, for the code that is run next. #}
{% macro take_rows(view, rows) %}
    {%- do run_query("create or replace temp view " ~ view ~ " as " ~ rows) -%}
{% endmacro %}

{# Takes people's rows that finer slices have left, once for all that the summed table's code reads of them. #}
{% macro take_left_rows() %}
    {%- for node in dovecote.sliced_inputs() if node.config.slice_on -%}
        {%- set key = node.config.unique_key -%}
        {%- for people in config.get('sums_people', {}).get(node.name, []) -%}
            {%- do run_query(
                "create or replace temp table " ~ dovecote.left_rows(node.name, people) ~ " as select * from " ~ ref('dovecote', node.name)
                ~ " where " ~ dovecote.is_among(node.config.slice_key, ref('dovecote', people), "person_id")
                ~ " and " ~ dovecote.is_among(key, dovecote.slice_relation(node.name, 'replacing'), key, negated=true)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{# Drops them, and the views that read them. #}
{% macro drop_left_rows() %}
    {%- for node in dovecote.sliced_inputs() if node.config.slice_on -%}
        {%- for people in config.get('sums_people', {}).get(node.name, []) -%}
            {%- do run_query("drop view " ~ dovecote.counted_rows(node.name, people)) -%}
            {%- do run_query("drop table " ~ dovecote.left_rows(node.name, people)) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{# The temporary table of such rows. #}
{% macro left_rows(name, people) %}
    {{ return(dovecote.counted_rows(name, people) ~ '__left') }}
{% endmacro %}

{# The sliced tables that this model reads. #}
{% macro sliced_inputs() %}
    {%- set found = [] -%}
    {%- for id in model.depends_on.nodes if id in graph.nodes and graph.nodes[id].config.materialized == 'sliced_table' -%}
        {%- do found.append(graph.nodes[id]) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{# The relation of a node that a model need not depend on, as one that it depends on does. #}
{% macro relation_of(node) %}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) }}
{% endmacro %}

{# The temporary view of such rows, which no other model that is built beside this one makes. #}
{% macro counted_rows(name, people=none) %}
    {{ return(this.identifier ~ '__' ~ name ~ ('__of_' ~ people if people else '')) }}
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
