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
    {%- set same = make_temp_relation(this).identifier -%}
    {%- do run_query(
        "create or replace temp table " ~ same ~ " as select known.rowid as known_row, made.rowid as made_row from " ~ rows['known']
        ~ " as known inner join " ~ rows['made'] ~ " as made on " ~ are_same
    ) -%}
    {%- for differing, all, row in [('replaced', 'known', 'known_row'), ('replacing', 'made', 'made_row')] -%}
        {%- do run_query(
            "create or replace table " ~ rows[differing] ~ " as select * from " ~ rows[all] ~ " where rowid not in (select " ~ row ~ " from "
            ~ same ~ ")"
        ) -%}
    {%- endfor -%}
    {%- do run_query("drop table " ~ same) -%}
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
