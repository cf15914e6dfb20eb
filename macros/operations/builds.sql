{#
    The registry of builds, outside of what dbt manages: a build is written down when it starts, and completed when it
    ends, so that one that died is known too. Only `dbt build` writes there. A build is green if nothing was selected
    or excluded and every node succeeded.
#}
{% macro builds_relation() %}
    {{ return(dovecote.history_schema() ~ '.builds') }}
{% endmacro %}


{% macro history_schema() %}
    {{ return(dovecote.generate_schema_name('history', none) | trim) }}
{% endmacro %}


{# A build still running at the start of another has died. #}
{% macro start_build() %}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set builds = dovecote.builds_relation() -%}
        {%- do run_query("create schema if not exists " ~ dovecote.history_schema()) -%}
        {%- do run_query(
            "create table if not exists " ~ builds ~ " (run_id " ~ dovecote.sql_type('text') ~ ", started_at timestamp, "
            ~ "finished_at timestamp, as_of timestamp, as_of_date date, package_version " ~ dovecote.sql_type('text')
            ~ ", status " ~ dovecote.sql_type('text') ~ ", is_green boolean)"
        ) -%}
        {%- if flags.WHICH == 'build' -%}
            {%- do run_query("update " ~ builds ~ " set status = 'aborted' where status = 'running'") -%}
            {%- do run_query(
                "insert into " ~ builds ~ " values ('" ~ invocation_id ~ "', timestamp '" ~ dovecote.run_start()
                ~ "', null, null, null, '" ~ dovecote.package_version() ~ "', 'running', false)"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro finish_build(results) %}
    {%- set run_model = ref('dovecote', 'int_core__run') -%}
    {%- if execute and flags.WHICH == 'build' -%}
        {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'runtime error', 'partial success']) | list -%}
        {%- set narrowing = ['select', 'exclude', 'selector', 'resource_types', 'exclude_resource_types', 'empty', 'sample'] -%}
        {%- set is_part = [] -%}
        {%- for argument in narrowing if invocation_args_dict.get(argument) -%}
            {%- do is_part.append(argument) -%}
        {%- endfor -%}
        {%- set run = run_model if results | selectattr('node.name', 'equalto', 'int_core__run') | selectattr('status', 'equalto', 'success') | list -%}
        {#- A retry has only what was left over. -#}
        {%- set status = 'failed' if failed else ('green' if run and not is_part else 'part') -%}
        {%- do run_query(
            "update " ~ dovecote.builds_relation() ~ " set status = '" ~ status ~ "', is_green = " ~ (status == 'green')
            ~ ", finished_at = timestamp '" ~ modules.datetime.datetime.now(modules.pytz.utc).strftime('%Y-%m-%d %H:%M:%S.%f') ~ "'"
            ~ (", as_of = (select as_of from " ~ run ~ "), as_of_date = (select as_of_date from " ~ run ~ ")" if run else "")
            ~ " where run_id = '" ~ invocation_id ~ "'"
        ) -%}
    {%- endif -%}
{% endmacro %}


{# The name of this run. #}
{% macro this_run_id() %}{{ return(invocation_id) }}{% endmacro %}


{# The version of this package, which is part of what a model is. #}
{% macro package_version() %}{{ return('0.1.0') }}{% endmacro %}
