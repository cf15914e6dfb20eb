{# A table that is left as it is where nothing has changed since the last build, and otherwise made anew. #}
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


{#
    A table of which a build of changes replaces a part: the rows whose `slice_key` is found in the relation `slice_of`
    (there it may be called `slice_column`), or in the new rows themselves where none is named. With a list of keys and
    one of as many relations, a row is of the part by any of them. Where a key is not enough, `slice_on` is the condition
    on a row `sliced` of the table and a row `found` of that relation, and `slice_key` the person. Of these, `slice_where`
    may spare some. Rows are compared as a set: no row may be there twice.
#}
{% materialization sliced_table, default %}
    {%- if dovecote.is_up_to_date() -%}
        {{ return(dovecote.keep_table()) }}
    {%- elif dovecote.is_slice() -%}
        {{ return(dovecote.replace_slice()) }}
    {%- endif -%}
    {{ return(dovecote.build_table()) }}
{% endmaterialization %}


{#
    A table of sums over the rows of sliced tables, which it reads as `counted`: `sum_keys` name its keys, and all other
    columns, one of them 0 only where no row is left, add up over rows. A build of changes counts the rows that differ,
    as they were and as they are. Where rows are counted together with others of a person, `sums_people` gives the table
    a list of relations of people, and the SQL names one of these to `counted` to read all rows of its people besides;
    the table's own `slice_of` will do whatever it is of. Where rows are counted with those that share some columns,
    `sums_with` names these, and the SQL reads the table as `counted_with_others`, by its `unique_key`.
#}
{% materialization summed_table, default %}
    {%- if dovecote.is_up_to_date() -%}
        {{ return(dovecote.keep_table()) }}
    {%- elif dovecote.is_slice() -%}
        {{ return(dovecote.add_changes()) }}
    {%- endif -%}
    {{ return(dovecote.build_table()) }}
{% endmaterialization %}


{# Rows of an input: a view where Parquet files or relations hold them, a table where they had to be parsed. #}
{% materialization input_table, default %}
    {%- if dovecote.input_mode() == 'folder' and dovecote.is_parsed(model.name.removeprefix('raw_')) -%}
        {{ return(dovecote.build_table()) }}
    {%- endif -%}
    {{ return(dovecote.build_view()) }}
{% endmaterialization %}
