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
            {%- do dovecote.stop(model.name ~ " counts all rows of " ~ people ~ " in " ~ name ~ ": name it in its config sums_people.") -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(dovecote.counted_rows(name, people) if dovecote.is_slice() else relation) }}
{% endmacro %}


{#
    The same with the other rows that share the columns which the config `sums_with` names for that table, as somebody is
    to be counted once among them.
#}
{% macro counted_with_others(name) %}
    {%- set relation = ref('dovecote', name) -%}
    {%- if execute and model.resource_type == 'model' and name not in config.get('sums_with', {}) -%}
        {%- do dovecote.stop(model.name ~ " counts rows of " ~ name ~ " with others: name what they share in its config sums_with.") -%}
    {%- endif -%}
    {{ return(dovecote.counted_rows(name, 'others') if dovecote.is_slice() else relation) }}
{% endmacro %}


{# Takes what the old rows of slices gave off the sums and adds what the new rows give. #}
{% macro add_changes() %}
    {%- set keys = config.require('sum_keys') -%}
    {%- set sums = adapter.get_columns_in_relation(this) | map(attribute='name') | reject('in', keys) | list -%}
    {%- set changes = dovecote.scratch_table(make_temp_relation(this).identifier) -%}
    {{ run_hooks(pre_hooks) }}
    {%- do dovecote.take_other_rows() -%}
    {%- do dovecote.take_counted_rows('before') -%}
    {%- do dovecote.make_table(
        changes, "select " ~ keys | join(", ") ~ ", " ~ dovecote.each_of(sums, "-{0} as {0}") ~ " from (" ~ compiled_code ~ ")", is_scratch=true
    ) -%}
    {%- do dovecote.take_counted_rows('now') -%}
    {% call statement('main') -%}
        insert into {{ changes }} by name {{ compiled_code }}
    {%- endcall %}
    {%- do run_query("insert into " ~ changes ~ " by name select * from " ~ this) -%}
    {%- do dovecote.overwrite_table(
        this, "select " ~ keys | join(", ") ~ ", " ~ dovecote.each_of(sums, "sum({0}) as {0}")
        ~ " from " ~ changes ~ " group by all having " ~ dovecote.each_of(sums, "sum({0}) <> 0", " or ")
    ) -%}
    {%- do run_query("drop table " ~ changes) -%}
    {%- do dovecote.drop_other_rows() -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [this]}) }}
{% endmacro %}


{#
    Takes the rows that a summed table counts of the sliced tables that it reads, as they were before this build or are
    now. A slice by person holds all rows of its people.
#}
{% macro take_counted_rows(when) %}
    {%- for node in dovecote.sliced_inputs() -%}
        {%- set all_rows = "select * from " ~ dovecote.slice_relation(node.name, 'known' if when == 'before' else 'made') -%}
        {%- set differing = "select * from " ~ dovecote.slice_relation(node.name, 'replaced' if when == 'before' else 'replacing') -%}
        {%- do dovecote.take_rows(dovecote.counted_rows(node.name), differing) -%}
        {%- for people in config.get('sums_people', {}).get(node.name, []) -%}
            {%- set counted = dovecote.counted_rows(node.name, people) -%}
            {%- set person = node.config.slice_key -%}
            {%- if node.config.slice_of == people -%}
                {%- do dovecote.take_rows(counted, all_rows) -%}
            {%- else -%}
                {%- set of_people = dovecote.is_among(person, ref('dovecote', people), 'person_id') -%}
                {%- do dovecote.take_rows(counted, all_rows ~ " where " ~ of_people ~ " union all " ~ differing ~ " where not " ~ of_people) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if node.name in config.get('sums_with', {}) -%}
            {%- do dovecote.take_rows(
                dovecote.counted_rows(node.name, 'others'), differing ~ " union all select * from " ~ dovecote.other_rows(node.name)
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# A temporary view of rows, for the code that is run next. #}
{% macro take_rows(view, rows) %}
    {%- do run_query("create or replace temp view " ~ view ~ " as " ~ rows) -%}
{% endmacro %}


{# Takes the rows that did not change and share the columns of `sums_with` with some that did, none of which is null. #}
{% macro take_other_rows() %}
    {%- for name, shared in config.get('sums_with', {}).items() -%}
        {%- set key = graph.nodes['model.dovecote.' ~ name].config.unique_key -%}
        {%- do dovecote.make_table(
            dovecote.other_rows(name),
            "select * from " ~ ref('dovecote', name) ~ " as others"
            ~ " where " ~ dovecote.is_among(shared, "(" ~ dovecote.replaced_rows(name) ~ ")", shared)
            ~ " and " ~ dovecote.is_not_among("others", key, dovecote.slice_relation(name, 'replacing')),
            is_scratch=true
        ) -%}
    {%- endfor -%}
{% endmacro %}


{# Drops them, and the views that read them. #}
{% macro drop_other_rows() %}
    {%- for name in config.get('sums_with', {}) -%}
        {%- do run_query("drop view " ~ dovecote.counted_rows(name, 'others')) -%}
        {%- do run_query("drop table " ~ dovecote.other_rows(name)) -%}
    {%- endfor -%}
{% endmacro %}


{# The temporary table of such rows. #}
{% macro other_rows(name) %}
    {{ return(dovecote.scratch_table(dovecote.counted_rows(name, 'others') ~ '__rows')) }}
{% endmacro %}


{# The sliced tables that this model reads. #}
{% macro sliced_inputs() %}
    {%- set found = [] -%}
    {%- for id in model.depends_on.nodes if id in graph.nodes and graph.nodes[id].config.materialized == 'sliced_table' -%}
        {%- do found.append(graph.nodes[id]) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# The temporary view of such rows, which no other model that is built beside this one makes. #}
{% macro counted_rows(name, people=none) %}
    {{ return(this.identifier ~ '__' ~ name ~ ('__of_' ~ people if people else '')) }}
{% endmacro %}
