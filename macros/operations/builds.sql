{#
    The registry of builds, outside of what dbt manages: a build is written down when it starts, and completed when it
    ends, so that one that died is known too. `dbt run` is written down as well, as it changes tables, but only
    `dbt build` can be green: nothing selected or excluded (but unit tests, which look at no data), and every node
    succeeded.
#}
{% macro builds_relation() %}
    {{ return(dovecote.history_schema() ~ '.builds') }}
{% endmacro %}


{% macro history_schema() %}
    {{ return(dovecote.schema_of_layer('history')) }}
{% endmacro %}


{% macro schema_of_layer(layer) %}
    {{ return(dovecote.generate_schema_name(layer, none) | trim) }}
{% endmacro %}


{% macro build_columns() %}
    {{ return({
        "run_id": "text",
        "command": "text",
        "started_at": "timestamp",
        "finished_at": "timestamp",
        "as_of": "timestamp",
        "as_of_date": "date",
        "package_version": "text",
        "dbt_version": "text",
        "git_revision": "text",
        "status": "text",
        "is_green": "boolean",
        "message": "text",
        "nodes": "integer",
        "nodes_succeeded": "integer",
        "nodes_warned": "integer",
        "nodes_failed": "integer",
        "nodes_skipped": "integer",
        "input_fingerprints": "text",
        "settings": "text",
        "published_tables": "text",
        "scope": "text",
        "basis": "text",
    }) }}
{% endmacro %}


{% macro is_recorded() %}
    {{ return(execute and flags.WHICH in ['build', 'run']) }}
{% endmacro %}


{# A build still running at the start of another has died. #}
{% macro start_build() %}
    {%- if dovecote.is_recorded() -%}
        {%- set builds = dovecote.builds_relation() -%}
        {%- do dovecote.create_builds() -%}
        {%- do dovecote.finish_rewrites(dovecote.history_schema()) -%}
        {%- do dovecote.update_rows(builds, {"status": "'aborted'"}, "status = 'running'") -%}
        {%- set first_facts = {
            "run_id": "'" ~ invocation_id ~ "'",
            "command": "'" ~ flags.WHICH ~ "'",
            "started_at": "timestamp '" ~ dovecote.run_start() ~ "'",
            "package_version": "'" ~ dovecote.package_version() ~ "'",
            "dbt_version": "'" ~ dbt_version ~ "'",
            "git_revision": dovecote.literal_or_null(dovecote.git_revision()),
            "status": "'running'",
            "is_green": "false",
            "settings": "'" ~ dovecote.quoted(dovecote.settings_of(['dovecote_']) | tojson) ~ "'",
        } -%}
        {%- do run_query(
            "insert into " ~ builds ~ " (" ~ first_facts.keys() | join(", ") ~ ") values ("
            ~ first_facts.values() | join(", ") ~ ")"
        ) -%}
    {%- endif -%}
{% endmacro %}


{# A registry of an earlier version of Dovecote gets the columns that it lacks. #}
{% macro create_builds() %}
    {%- set builds = dovecote.builds_relation() -%}
    {%- set columns = [] -%}
    {%- for name, kind in dovecote.build_columns().items() -%}
        {%- do columns.append(name ~ " " ~ dovecote.sql_type(kind)) -%}
    {%- endfor -%}
    {%- do run_query("create schema if not exists " ~ dovecote.history_schema()) -%}
    {%- do run_query("create table if not exists " ~ builds ~ " (" ~ columns | join(", ") ~ ")") -%}
    {#- The adapter's own list of columns would leave a transaction open, which takes back what comes after. -#}
    {%- set present = run_query("select * from " ~ builds ~ " limit 0").column_names -%}
    {%- for name, kind in dovecote.build_columns().items() if name not in present -%}
        {%- do run_query("alter table " ~ builds ~ " add column " ~ name ~ " " ~ dovecote.sql_type(kind)) -%}
    {%- endfor -%}
{% endmacro %}


{# What stops a build before its first node stands in the registry too. #}
{% macro record_stop(sentence) %}
    {%- if dovecote.is_recorded() and dovecote.has_registry() -%}
        {%- do dovecote.update_rows(
            dovecote.builds_relation(),
            {"status": "'stopped'", "message": "'" ~ dovecote.quoted(sentence) ~ "'", "finished_at": dovecote.now_literal()},
            "run_id = '" ~ invocation_id ~ "'"
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro has_registry() %}
    {{ return(dovecote.has_history_table('builds')) }}
{% endmacro %}


{# Whether history holds a table that dbt does not manage; its own list would leave a transaction open. #}
{% macro has_history_table(name) %}
    {{ return(adapter.dispatch('has_history_table', 'dovecote')(name)) }}
{% endmacro %}

{% macro default__has_history_table(name) %}
    {{ return(run_query(
        "select table_name from information_schema.tables where table_name = '" ~ name ~ "' and table_schema = '"
        ~ dovecote.history_schema() ~ "'"
    ).rows | length > 0) }}
{% endmacro %}

{% macro spark__has_history_table(name) %}
    {{ return(
        run_query("show databases like '" ~ dovecote.history_schema() ~ "'").rows | length > 0
        and run_query("show tables in " ~ dovecote.history_schema() ~ " like '" ~ name ~ "'").rows | length > 0
    ) }}
{% endmacro %}


{% macro finish_build(results) %}
    {%- set run_model = ref('dovecote', 'int_core__run') -%}
    {%- set fingerprints = ref('dovecote', 'int_core__input_fingerprints') -%}
    {%- if dovecote.is_recorded() -%}
        {#- What has nothing to build or test is no node here: a saved query, an exposure. -#}
        {%- set nodes = results | rejectattr('status', 'equalto', 'no-op') | list -%}
        {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'runtime error', 'partial success']) | list -%}
        {%- set skipped = results | selectattr('status', 'equalto', 'skipped') | list -%}
        {%- set warned = results | selectattr('status', 'equalto', 'warn') | list -%}
        {%- set built = results | selectattr('status', 'equalto', 'success') | map(attribute='node.name') | list -%}
        {%- if failed or skipped -%}
            {%- set status = 'failed' -%}
        {%- else -%}
            {%- set status = 'green' if dovecote.is_whole(results | map(attribute='node.unique_id') | list) else 'part' -%}
        {%- endif -%}
        {%- set last_facts = {
            "status": "'" ~ status ~ "'",
            "is_green": status == 'green',
            "message": dovecote.literal_or_null(failed | map(attribute='node.name') | list | sort | join(', ')),
            "finished_at": dovecote.now_literal(),
            "nodes": nodes | length,
            "nodes_succeeded": nodes | length - failed | length - skipped | length - warned | length,
            "nodes_warned": warned | length,
            "nodes_failed": failed | length,
            "nodes_skipped": skipped | length,
            "published_tables": "'" ~ dovecote.quoted(dovecote.published_tables(results) | tojson) ~ "'",
        } -%}
        {%- if 'int_core__run' in built -%}
            {%- do last_facts.update({
                "as_of": "(select as_of from " ~ run_model ~ ")",
                "as_of_date": "(select as_of_date from " ~ run_model ~ ")",
            }) -%}
        {%- endif -%}
        {%- if 'int_core__input_fingerprints' in built -%}
            {%- set entry -%}
                '"' || relation_name || '": {"rows": ' || relation_rows || ', "fingerprint": "' || fingerprint || '"}'
            {%- endset -%}
            {%- do last_facts.update({
                "input_fingerprints": "(select '{' || " ~ dovecote.joined_in_order(entry, ["relation_name"], ", ")
                    ~ " || '}' from " ~ fingerprints ~ ")"
            }) -%}
        {%- endif -%}
        {%- do dovecote.update_rows(dovecote.builds_relation(), last_facts, "run_id = '" ~ invocation_id ~ "'") -%}
    {%- endif -%}
{% endmacro %}


{# Whether a build reaches every node of the project and its packages, whatever narrowed it: arguments, selectors, a retry. #}
{% macro is_whole(reached) %}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ['model', 'seed', 'snapshot', 'test']
        and node.config.materialized != 'ephemeral'
        and node.unique_id not in reached -%}
        {%- do left_out.append(node.unique_id) -%}
    {%- endfor -%}
    {{ return(
        flags.WHICH == 'build' and not left_out
        and not invocation_args_dict.get('empty') and not invocation_args_dict.get('sample')
    ) }}
{% endmacro %}


{# The tables that a build made for others to read, each with the columns of its key. #}
{% macro published_tables(results) %}
    {%- set keys = {} -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'test' and node.test_metadata
        and (node.test_metadata.namespace, node.test_metadata.name) == ('dovecote', 'primary_key') -%}
        {%- do keys.update({node.attached_node: node.test_metadata.kwargs.columns}) -%}
    {%- endfor -%}
    {%- set tables = [] -%}
    {%- for result in results
        if result.node.resource_type == 'model' and result.node.fqn[0] == 'dovecote'
        and result.node.fqn[1] in ['marts', 'review', 'history'] -%}
        {%- do tables.append({
            "schema": result.node.schema,
            "name": result.node.alias,
            "key": keys.get(result.node.unique_id, []),
        }) -%}
    {%- endfor -%}
    {{ return(tables | sort(attribute="name")) }}
{% endmacro %}


{# The commit that the project is built from; none where it is no git repository. #}
{% macro git_revision() %}
    {{ return(adapter.dispatch('git_revision', 'dovecote')()) }}
{% endmacro %}

{% macro default__git_revision() %}
    {{ return(env_var('DOVECOTE_GIT_REVISION', '')) }}
{% endmacro %}

{# Git keeps the commit in .git/HEAD, or the name of the branch whose commit is in a file of its own or in packed-refs. #}
{% macro duckdb__git_revision() %}
    {%- set stated = env_var('DOVECOTE_GIT_REVISION', '') -%}
    {%- if stated -%}
        {{ return(stated) }}
    {%- endif -%}
    {%- set git = "'" ~ dovecote.quoted(invocation_args_dict.get('project_dir') or '.') ~ "/.git/" -%}
    {%- set head = run_query("select trim(content, chr(10)) from read_text(" ~ git ~ "HEA[D]')").rows -%}
    {%- if not head -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if not head[0][0].startswith('ref: ') -%}
        {{ return(head[0][0]) }}
    {%- endif -%}
    {%- set branch = dovecote.quoted(head[0][0][5:]) -%}
    {%- set commits = run_query(
        "select trim(content, chr(10)) from read_text(" ~ git ~ branch[:-1] ~ "[" ~ branch[-1] ~ "]') union all "
        ~ "select nullif(regexp_extract(content, '([0-9a-f]{40,64}) " ~ branch ~ "\\n', 1), '') from read_text("
        ~ git ~ "packed-ref[s]')"
    ).rows -%}
    {{ return(commits[0][0] if commits else none) }}
{% endmacro %}


{% macro now_literal() %}
    {{ return("timestamp '" ~ modules.datetime.datetime.now(modules.pytz.utc).strftime('%Y-%m-%d %H:%M:%S.%f') ~ "'") }}
{% endmacro %}


{# The name of this run. #}
{% macro this_run_id() %}{{ return(invocation_id) }}{% endmacro %}


{# The version of this package, which is part of what a model is. #}
{% macro package_version() %}{{ return('0.1.0') }}{% endmacro %}
