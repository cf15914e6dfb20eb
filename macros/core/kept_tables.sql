{#
    What a build computes, decided once when it starts (macros/operations/scope.sql): everything, what new files change,
    or nothing, where neither inputs, settings nor code are other than those of the last green build.

    kept_table    a table that is left as it is where nothing has changed, and otherwise built anew
    sliced_table  one of which a build of changes replaces a part: the rows whose `slice_key` is found in the
                  relation `slice_of`, or in the new rows themselves where none is named
    input_table   rows of an input: a view where Parquet files hold them, a table where they had to be parsed
#}
{% materialization kept_table, default, supported_languages=['sql', 'python'] %}
    {%- if dovecote.is_up_to_date() -%}
        {{ return(dovecote.keep_table()) }}
    {%- endif -%}
    {{ return(dovecote.build_table()) }}
{% endmaterialization %}


{% materialization sliced_table, default, supported_languages=['sql', 'python'] %}
    {%- if dovecote.is_up_to_date() -%}
        {{ return(dovecote.keep_table()) }}
    {%- elif dovecote.is_slice() -%}
        {{ return(dovecote.replace_slice()) }}
    {%- endif -%}
    {{ return(dovecote.build_table()) }}
{% endmaterialization %}


{% materialization input_table, default %}
    {%- if dovecote.input_mode() == 'folder' and dovecote.is_parsed(model.name.removeprefix('raw_')) -%}
        {{ return(dovecote.build_table()) }}
    {%- endif -%}
    {{ return(dovecote.build_view()) }}
{% endmaterialization %}


{# The adapter's own tables and views. #}
{% macro build_table() %}
    {{ return(adapter.dispatch('build_table', 'dovecote')()) }}
{% endmacro %}

{% macro duckdb__build_table() %}
    {{ return(dbt.materialization_table_duckdb()) }}
{% endmacro %}

{% macro spark__build_table() %}
    {{ return(dbt.materialization_table_spark()) }}
{% endmacro %}

{% macro build_view() %}
    {{ return(dbt.materialization_view_default()) }}
{% endmacro %}


{# Whether this table holds already what its code would make. #}
{% macro is_up_to_date() %}
    {{ return(dovecote.scope() == 'nothing' and load_cached_relation(this) is not none) }}
{% endmacro %}


{% macro keep_table() %}
    {% call noop_statement('main', 'KEPT') %}{% endcall %}
    {{ return({'relations': [this]}) }}
{% endmacro %}


{# Puts the new rows in the place of the old ones, in one transaction. #}
{% macro replace_slice() %}
    {%- set new_rows = make_temp_relation(this) -%}
    {%- set key = config.require('slice_key') -%}
    {%- set slice_of = config.get('slice_of') -%}
    {%- set keys = ref('dovecote', slice_of) if slice_of else new_rows -%}
    {%- set columns = config.get('slice_column', key) -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        create or replace temp table {{ new_rows.identifier }} as {{ compiled_code }}
    {%- endcall %}
    {%- do run_query(
        "delete from " ~ this ~ " where " ~ key ~ " in (select " ~ columns ~ " from "
        ~ (keys if slice_of else new_rows.identifier) ~ ")" ~ (" and " ~ config.get('slice_where') if config.get('slice_where') else "")
    ) -%}
    {%- do run_query("insert into " ~ this ~ " by name select * from " ~ new_rows.identifier) -%}
    {%- do run_query("drop table " ~ new_rows.identifier) -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [this]}) }}
{% endmacro %}
