{% macro sparksession__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if language == 'python' %}
{{ compiled_code }}
write_table(model(dbtObj(spark.table), spark), "{{ relation }}", "{{ config.get('file_format', 'parquet') }}")
    {%- else %}
        {{ spark__create_table_as(temporary, relation, compiled_code, language) }}
    {%- endif -%}
{%- endmacro %}


{# A contract's types are what the table gets: Spark takes none in `create table ... as`. #}
{% macro sparksession__get_select_subquery(sql) %}
    select
    {%- for name, column in model["columns"].items() %}
        cast({{ name }} as {{ column["data_type"] }}) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
    from (
        {{ sql }}
    ) as model_subq
{%- endmacro %}


{# A contract asks for the names of columns; their types come from the casts above. #}
{% macro sparksession__get_assert_columns_equivalent(sql) %}
    {%- set made = get_column_schema_from_query(get_empty_subquery_sql(sql)) | map(attribute="name") | map("lower") | list -%}
    {%- set promised = model["columns"].keys() | map("lower") | list -%}
    {%- if made | sort != promised | sort -%}
        {%- do exceptions.raise_compiler_error(
            "The contract of " ~ model["name"] ~ " has the columns " ~ promised | join(", ") ~ ", and its query gives "
            ~ made | join(", ") ~ ": bring them together."
        ) -%}
    {%- endif -%}
{% endmacro %}
