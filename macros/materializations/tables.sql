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
    {%- elif model.language == 'sql' -%}
        {{ return(dovecote.build_table()) }}
    {%- endif -%}
    {#- dbt runs Python from a materialization itself only, and from no macro that it calls -#}
    {%- set new_table = dovecote.place_of_new_table() -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main', language='python') -%}
        {{- create_table_as(False, new_table, compiled_code, 'python') }}
    {%- endcall %}
    {%- do dovecote.move_new_table(new_table) -%}
    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(this, model) -%}
    {{ adapter.commit() }}
    {{ return({'relations': [this]}) }}
{% endmaterialization %}


{% materialization sliced_table, default %}
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
