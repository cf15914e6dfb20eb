{#
    Puts the new rows of a slice in the place of the old ones, in one transaction. Both stay beside the table until the
    build ends, as do those of them that differ, for what rests on them.
#}
{% macro replace_slice() %}
    {%- set rows = {} -%}
    {%- for state in dovecote.slice_states() -%} {%- do rows.update({state: dovecote.slice_relation(model.name, state)}) -%} {%- endfor -%}
    {{ run_hooks(pre_hooks) }}
    {#- the code of a slice that a relation names may read what was known of it -#}
    {%- if config.get('slice_of') -%} {%- do dovecote.take_known_rows(rows) -%} {%- endif -%}
    {% call statement('main') -%}
        create or replace table {{ rows['made'] }} as {{ compiled_code }}
    {%- endcall %}
    {%- if not config.get('slice_of') -%} {%- do dovecote.take_known_rows(rows) -%} {%- endif -%}
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


{# Takes the rows of this table that a slice may replace, each with its place; `made` are the rows that it has made. #}
{% macro take_known_rows(rows) %}
    {%- set of_slice = "select sliced.*, sliced.rowid as known_place from " ~ this ~ " as sliced" -%}
    {%- set parts = [] -%}
    {%- if config.get('slice_on') -%}
        {%- do parts.append(of_slice ~ " semi join " ~ ref('dovecote', config.get('slice_of')) ~ " as found on " ~ config.get('slice_on')) -%}
    {%- else -%}
        {%- for key, relation in dovecote.slices() -%}
            {%- set is_found = dovecote.is_among(key, ref('dovecote', relation) if relation else rows['made'], config.get('slice_column', key)) -%}
            {#- keys that came lately lie together, so that other columns are read of few places -#}
            {%- if not relation -%} {%- set is_found = "sliced.rowid in (select rowid from " ~ this ~ " where " ~ is_found ~ ")" -%} {%- endif -%}
            {%- do parts.append(of_slice ~ " where " ~ is_found ~ (" and " ~ config.get('slice_where') if config.get('slice_where') else "")) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do run_query("create or replace table " ~ rows['known'] ~ " as " ~ parts | join(" union ")) -%}
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
