{% macro sparksession__load_csv_rows(model, agate_table) %}
    {%- do adapter.load_seed(model, this.render(), config.get("delimiter", ",")) -%}
    {{ return("-- loaded from " ~ model["original_file_path"]) }}
{% endmacro %}
