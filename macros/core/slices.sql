{#
    Puts the new rows of a slice in the place of the old ones, on DuckDB in one transaction. Both stay beside the table
    until the build ends, as do those of them that differ, for what rests on them.
#}
{% macro replace_slice() %}
    {%- set rows = {} -%}
    {%- for state in dovecote.slice_states() -%} {%- do rows.update({state: dovecote.slice_relation(model.name, state)}) -%} {%- endfor -%}
    {{ run_hooks(pre_hooks) }}
    {#- the code of a slice that a relation names may read what was known of it -#}
    {%- if config.get('slice_of') -%} {%- do dovecote.take_known_rows(rows) -%} {%- endif -%}
    {%- do dovecote.make_table(rows['made'], dovecote.as_stored(compiled_code), statement_name='main') -%}
    {%- if not config.get('slice_of') -%} {%- do dovecote.take_known_rows(rows) -%} {%- endif -%}
    {%- set are_same = dovecote.each_of(
        adapter.get_columns_in_relation(this) | map(attribute='quoted') | list, "made.{0} is not distinct from known.{0}", " and "
    ) -%}
    {%- do dovecote.make_table(
        rows['replaced'], "select * from " ~ rows['known'] ~ " as known anti join " ~ rows['made'] ~ " as made on " ~ are_same
    ) -%}
    {%- do dovecote.make_table(
        rows['replacing'], "select * from " ~ rows['made'] ~ " as made anti join " ~ rows['known'] ~ " as known on " ~ are_same
    ) -%}
    {%- do dovecote.write_slice(rows) -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [this]}) }}
{% endmacro %}


{# Takes the rows of this table that a slice may replace, on DuckDB each with its place. #}
{% macro take_known_rows(rows) %}
    {{ return(adapter.dispatch('take_known_rows', 'dovecote')(rows)) }}
{% endmacro %}

{% macro default__take_known_rows(rows) %}
    {%- set of_slice = "select sliced.*, sliced.rowid as known_place from " ~ this ~ " as sliced " -%}
    {%- set known_rows = (
        of_slice ~ "semi join " ~ ref('dovecote', config.get('slice_of')) ~ " as found on " ~ config.get('slice_on')
    ) if config.get('slice_on') else dovecote.each_of(dovecote.slice_conditions(rows['made']), of_slice ~ "where {0}", " union ") -%}
    {%- do dovecote.make_table(rows['known'], known_rows) -%}
{% endmacro %}

{% macro spark__take_known_rows(rows) %}
    {%- set are_known = (
        "exists (select 1 from " ~ ref('dovecote', config.get('slice_of')) ~ " as found where " ~ config.get('slice_on') ~ ")"
    ) if config.get('slice_on') else dovecote.slice_conditions(rows['made']) | join(" or ") -%}
    {%- do dovecote.make_table(rows['known'], "select * from " ~ this ~ " as sliced where " ~ are_known) -%}
{% endmacro %}


{# The conditions of which a row `sliced` that a slice may replace meets any; `made` are the rows that it has made. #}
{% macro slice_conditions(made) %}
    {%- set conditions = [] -%}
    {%- for key, relation in dovecote.slices() -%}
        {%- set is_found = dovecote.is_among(key, ref('dovecote', relation) if relation else made, config.get('slice_column', key)) -%}
        {%- do conditions.append(
            (is_found if relation else dovecote.by_place("sliced", this, is_found))
            ~ (" and " ~ config.get('slice_where') if config.get('slice_where') else "")
        ) -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}


{# Writes what differs of a slice into its table. #}
{% macro write_slice(rows) %}
    {{ return(adapter.dispatch('write_slice', 'dovecote')(rows)) }}
{% endmacro %}

{% macro default__write_slice(rows) %}
    {%- do run_query("delete from " ~ this ~ " where rowid in (select known_place from " ~ rows['replaced'] ~ ")") -%}
    {%- do run_query("insert into " ~ this ~ " by name select * from " ~ rows['replacing']) -%}
    {%- for state in ['known', 'replaced'] -%} {%- do run_query("alter table " ~ rows[state] ~ " drop column known_place") -%} {%- endfor -%}
{% endmacro %}

{#
    Spark overwrites the months that hold a row that differs, or the whole of a table without months. As it cannot
    overwrite what it reads, their rows are staged before.
#}
{% macro spark__write_slice(rows) %}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | list -%}
    {%- set all_columns = columns | join(", ") -%}
    {%- set month = "stored_month" if config.get('stored_by_month_of') else "'all'" -%}
    {%- set months = dovecote.distinct_values(
        month, "(select " ~ all_columns ~ " from " ~ rows['replaced'] ~ " union all select " ~ all_columns ~ " from " ~ rows['replacing'] ~ ")"
    ) -%}
    {%- if months -%}
        {%- set staged = dovecote.slice_relation(model.name, 'staged') -%}
        {%- do dovecote.make_table(
            staged,
            "select " ~ all_columns ~ " from " ~ this ~ " as known anti join " ~ rows['replaced'] ~ " as replaced on "
            ~ dovecote.each_of(columns, "known.{0} is not distinct from replaced.{0}", " and ")
            ~ " where " ~ month ~ " in (" ~ dovecote.quoted_list(months) ~ ")"
            ~ " union all select " ~ all_columns ~ " from " ~ rows['replacing']
        ) -%}
        {%- do dovecote.overwrite_table(this, dovecote.by_month("select * from " ~ staged)) -%}
        {%- set filled = dovecote.distinct_values(month, staged) if config.get('stored_by_month_of') else months -%}
        {%- for emptied in months if emptied not in filled -%}
            {%- do run_query("alter table " ~ this ~ " drop if exists partition (stored_month = '" ~ emptied ~ "')") -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# The values that a column or expression has in a relation. #}
{% macro distinct_values(value, relation) %}
    {{ return(run_query("select distinct " ~ value ~ " from " ~ relation).columns[0].values() | list) }}
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
    {{ return(dovecote.kept_schema() ~ '.' ~ state ~ '_' ~ name) }}
{% endmacro %}


{# Rows of a sliced table that are other ones than before this build, as they were and as they are, as a query. #}
{% macro replaced_rows(name) -%}
    select * from {{ dovecote.slice_rows(name, 'replaced') }} as rows_before
    union all
    select * from {{ dovecote.slice_rows(name, 'replacing') }} as rows_now
{%- endmacro %}


{# What a sliced table's slice is in one of its states, as a relation; none of its rows where all is computed. #}
{% macro slice_rows(name, state) -%}
    {%- set relation = ref('dovecote', name) -%}
    {{ dovecote.slice_relation(name, state) if dovecote.scope() == 'changes' else "(select * from " ~ relation ~ " where 1 = 0)" }}
{%- endmacro %}


{# In a model of a slice: its rows as they were, as a relation. #}
{% macro known_rows() -%}
    {{ dovecote.slice_relation(model.name, 'known') }}
{%- endmacro %}


{# A sliced table as a model with the same slice reads it: all of it, or what the slice was made. #}
{% macro made_rows(name) %}
    {%- set relation = ref('dovecote', name) -%}
    {#- a unit test has no config of its model -#}
    {%- if execute and model.resource_type == 'model' and graph.nodes['model.dovecote.' ~ name].config.slice_of != config.get('slice_of') -%}
        {%- do dovecote.stop(model.name ~ " reads what was made of " ~ name ~ ", which has another slice_of.") -%}
    {%- endif -%}
    {{ return(dovecote.slice_relation(name, 'made') if dovecote.is_slice() else relation) }}
{% endmacro %}


{# In a model of a slice: the condition that its rows are of what changed; true where all is computed. #}
{% macro is_in_slice(columns, relation, their_columns=none) -%}
    {{ dovecote.is_among(columns, relation, their_columns or columns) if dovecote.is_slice() else "true" }}
{%- endmacro %}
