{# The adapter's own table. #}
{% macro build_table() %}
    {{ return(adapter.dispatch('build_table', 'dovecote')()) }}
{% endmacro %}

{% macro duckdb__build_table() %}
    {{ return(dbt.materialization_table_duckdb()) }}
{% endmacro %}

{% macro spark__build_table() %}
    {{ return(dbt.materialization_table_spark()) }}
{% endmacro %}

{# The adapter's own view. #}
{% macro build_view() %}
    {{ return(dbt.materialization_view_default()) }}
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
