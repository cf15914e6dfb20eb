{#
    How much a build computes: `all`, `changes` or `nothing`.

    Changes are files of a folder that were not there when the last build was green. They can be followed only if that
    build was the last one and made with the same settings and code, if it and this one are whole, and if of the
    append-only entities it has read no file that has changed or vanished since and no row waits for its time to come.
    In any other case, and with --full-refresh, all is computed, so what is in doubt is computed anew.
#}
{% macro start_scope() %}
    {#- dbt must see them before anything is executed -#}
    {%- for name in ['raw_input_files'] + dovecote.compared_relations() | list -%} {%- do ref('dovecote', name) -%} {%- endfor -%}
    {%- for entity in dovecote.input_entities() -%} {%- do ref('dovecote', 'base_' ~ entity) -%} {%- endfor -%}
    {%- if dovecote.is_recorded() -%}
        {%- if dovecote.keeps_found_files() -%}
            {%- do dovecote.start_keeping() -%}
            {%- do dovecote.make_table(dovecote.found_files_relation(), dovecote.found_files()) -%}
        {%- endif -%}
        {%- set basis = dovecote.basis() -%}
        {%- set scope = dovecote.found_scope(basis) if dovecote.can_follow_changes() and dovecote.is_whole(selected_resources) else 'all' -%}
        {%- do dovecote.update_rows(
            dovecote.builds_relation(),
            {"scope": "'" ~ scope ~ "'", "basis": "'" ~ basis ~ "'"},
            "run_id = '" ~ invocation_id ~ "'"
        ) -%}
        {%- if scope == 'changes' -%}
            {%- do print("Dovecote: computing what new files change since the last build; --full-refresh computes all.") -%}
        {%- elif scope == 'nothing' -%}
            {%- do print("Dovecote: files, settings and code are those of the last build, so its tables are kept; --full-refresh computes all.") -%}
        {%- elif dovecote.known_to_run().get('rewritten_files') -%}
            {%- do print(
                "Dovecote: computing all, as files of the last build have changed or are gone: "
                ~ dovecote.known_to_run()['rewritten_files'] | join(", ") | truncate(300) ~ "."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# At the end of a build: what it was compared with, which may name people, goes. #}
{% macro end_scope() %}
    {%- if dovecote.is_recorded() and dovecote.keeps_found_files() -%}
        {%- do dovecote.end_keeping() -%}
    {%- endif -%}
{% endmacro %}


{#
    The schema of what a build keeps for itself while it lasts. On Spark it is one of its own, so that it can go as a
    whole, with the files that a killed build has left there.
#}
{% macro kept_schema() %}
    {{ return(adapter.dispatch('kept_schema', 'dovecote')()) }}
{% endmacro %}

{% macro default__kept_schema() %}
    {{ return(dovecote.history_schema()) }}
{% endmacro %}

{% macro spark__kept_schema() %}
    {#- as this schema is dropped, it is none that the project names, whose own generate_schema_name may give the same one twice -#}
    {{ return(dovecote.history_schema() ~ '_slices') }}
{% endmacro %}

{# Before a build keeps anything. #}
{% macro start_keeping() %}
    {{ return(adapter.dispatch('start_keeping', 'dovecote')()) }}
{% endmacro %}

{% macro default__start_keeping() %}{% endmacro %}

{% macro spark__start_keeping() %}
    {%- do dovecote.end_keeping() -%}
    {%- do run_query("create schema " ~ dovecote.kept_schema()) -%}
{% endmacro %}

{# Drops what a build has kept. #}
{% macro end_keeping() %}
    {{ return(adapter.dispatch('end_keeping', 'dovecote')()) }}
{% endmacro %}

{% macro default__end_keeping() %}
    {%- for name in dovecote.compared_relations() -%}
        {%- do run_query("drop table if exists " ~ dovecote.previous_relation(name)) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if node.config.materialized == 'sliced_table' -%}
        {%- for state in dovecote.slice_states() -%}
            {%- do run_query("drop table if exists " ~ dovecote.slice_relation(node.name, state)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do run_query("drop table if exists " ~ dovecote.found_files_relation()) -%}
    {%- do run_query("drop table if exists " ~ dovecote.changed_files_relation()) -%}
{% endmacro %}

{% macro spark__end_keeping() %}
    {%- do run_query("drop schema if exists " ~ dovecote.kept_schema() ~ " cascade") -%}
{% endmacro %}


{# How much this build computes; what is only compiled is compiled to compute all. #}
{% macro scope() %}
    {%- if not (dovecote.is_recorded() and dovecote.can_follow_changes()) -%}
        {{ return('all') }}
    {%- endif -%}
    {%- set known = dovecote.known_to_run() -%}
    {%- if "scope" not in known -%}
        {%- set found = run_query(
            "select scope from " ~ dovecote.builds_relation() ~ " where run_id = '" ~ invocation_id ~ "'"
        ).rows -%}
        {%- if not found or not found[0][0] -%} {{ return('all') }} {%- endif -%}
        {%- do known.update({"scope": found[0][0]}) -%}
    {%- endif -%}
    {{ return(known["scope"]) }}
{% endmacro %}


{#
    What a run of dbt has found out and all its nodes ask for, to be asked of the database once. Nodes share nothing but
    dbt's graph, which may outlive a run in its process.
#}
{% macro known_to_run() %}
    {%- if graph.get('dovecote', {}).get('run_id') != invocation_id -%}
        {%- do graph.update({'dovecote': {'run_id': invocation_id, 'files': {}}}) -%}
    {%- endif -%}
    {{ return(graph['dovecote']) }}
{% endmacro %}


{# Files alone say that they are new, not the shop's own relations; a lake keeps versions of its tables. #}
{% macro can_follow_changes() %}
    {{ return(
        dovecote.keeps_found_files() and not flags.FULL_REFRESH
        and not var('dovecote_order_status_policy') and not var('dovecote_event_vocabulary')
    ) }}
{% endmacro %}


{# Whether this model computes only what changes touch, to replace that part of itself or to add it up. #}
{% macro is_slice() %}
    {{ return(
        execute and model.config.materialized in ['sliced_table', 'summed_table'] and dovecote.scope() == 'changes'
        and not (model.name.startswith('base_') and dovecote.is_judged_anew(model.name.removeprefix('base_')))
    ) }}
{% endmacro %}


{#
    Whether a build of changes judges all rows of an input, as a file of it has changed or is gone, or rows wait for
    as_of. Of an append-only entity, that makes a build compute all.
#}
{% macro is_judged_anew(entity) %}
    {%- if entity in dovecote.append_only_entities() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set known = dovecote.known_to_run() -%}
    {#- asked before the rows are judged, answered the same after it -#}
    {%- if entity ~ '_judged_anew' not in known -%}
        {%- set reasons = dovecote.waiting_rows(entity, dovecote.previous_as_of()) + [
            "select 1 from " ~ dovecote.changed_files_relation() ~ " where not is_new and entity = '" ~ entity ~ "'"
        ] -%}
        {%- do known.update({entity ~ '_judged_anew': dovecote.has_rows(reasons)}) -%}
    {%- endif -%}
    {{ return(known[entity ~ '_judged_anew']) }}
{% endmacro %}


{# A hash of all that makes a table beside its inputs: settings, versions, code, and whom to forget. #}
{% macro basis() %}
    {%- set checksums = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] -%}
        {%- do checksums.append(node.unique_id ~ " " ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {%- set forgotten = run_query(
        "select count(*) from " ~ dovecote.forgotten_people_relation()
    ).rows[0][0] if dovecote.has_forgotten_people() else 0 -%}
    {{ return(local_md5([
        dovecote.settings_of(['dovecote_']) | tojson, dovecote.package_version(), dbt_version, dovecote.input_folder(),
        checksums | sort | join(","), dovecote.macro_code(), forgotten, dovecote.fixed_as_of() != '', dovecote.salt_check(),
        dovecote.process_code(),
    ] | join("|"))) }}
{% endmacro %}


{# A hash of the macros of the project and its packages, which dbt keeps from Jinja. #}
{% macro macro_code() %}
    {{ return(adapter.dispatch('macro_code', 'dovecote')()) }}
{% endmacro %}

{% macro default__macro_code() %}
    {{ return('') }}
{% endmacro %}

{% macro duckdb__macro_code() %}
    {#- ** walks subfolders but skips symbolic links, * the other way round -#}
    {%- set project = dovecote.quoted(invocation_args_dict.get('project_dir') or '.') -%}
    {{ return(run_query(
        "select md5(coalesce(string_agg(content, '' order by filename), '')) from read_text(["
        ~ "'" ~ project ~ "/macro[s]/*/*.sql', '" ~ project ~ "/macro[s]/**/*.sql', '" ~ project ~ "/dbt_package[s]/*/macros/*/*.sql', '"
        ~ project ~ "/dbt_package[s]/*/macros/**/*.sql'])"
    ).rows[0][0]) }}
{% endmacro %}


{% macro spark__macro_code() %}
    {{ return(adapter.macros_hash()) }}
{% endmacro %}


{# A part of a hash that tells a salt from others; '' where ids are no pseudonyms. #}
{% macro salt_check() %}
    {{ return(
        run_query("select substr(" ~ dovecote.pseudonym("'salt_check'") ~ ", 1, 4)").rows[0][0]
        if var('dovecote_pseudonymise') else ''
    ) }}
{% endmacro %}


{# The version of the database and a hash of the package's Python. #}
{% macro process_code() %}
    {{ return(adapter.dispatch('process_code', 'dovecote')()) }}
{% endmacro %}

{# The plugin dovecote.process knows that hash. #}
{% macro default__process_code() %}
    {{ return(run_query("select version() || coalesce(getvariable('dovecote_code'), '')").rows[0][0]) }}
{% endmacro %}

{% macro spark__process_code() %}
    {{ return(run_query("select version()").rows[0][0] ~ adapter.package_hash('dovecote')) }}
{% endmacro %}


{# What changed since the last build, as far as it can be followed. #}
{% macro found_scope(basis) %}
    {%- set last = dovecote.last_build() -%}
    {%- set known_files = load_relation(ref('dovecote', 'raw_input_files')) -%}
    {%- if not last or not last["is_green"] or last["basis"] != basis or known_files is none or dovecote.misses_tables() -%}
        {{ return('all') }}
    {%- endif -%}
    {%- do dovecote.make_table(dovecote.changed_files_relation(), dovecote.compared_files(known_files)) -%}
    {%- set changed_files = run_query("select count(*) from " ~ dovecote.changed_files_relation()).rows[0][0] -%}
    {%- set rewritten_files = run_query(
        "select source_name from " ~ dovecote.changed_files_relation() ~ " where not is_new and entity in ("
        ~ dovecote.quoted_list(dovecote.append_only_entities() + ['exchange_rates']) ~ ") order by source_name"
    ).columns[0].values() | list -%}
    {%- do dovecote.known_to_run().update({'rewritten_files': rewritten_files}) -%}
    {#- of a shop that had no order as_of is when the build ran, which makes every row late -#}
    {%- set had_orders = run_query("select 1 from " ~ ref('dovecote', 'base_orders') ~ " where row_status = 'accepted' limit 1").rows -%}
    {%- set previous_as_of = "timestamp '" ~ last["as_of"] ~ "'" -%}
    {%- set as_of = dovecote.read_as("timestamp", "'" ~ dovecote.fixed_as_of() ~ "'") if dovecote.fixed_as_of() else previous_as_of -%}
    {%- set is_later = run_query("select sign(" ~ dovecote.microseconds_between(previous_as_of, as_of) ~ ")").rows[0][0] -%}
    {%- if dovecote.has_rows_of_a_future_past() -%}
        {{ return('all') }}
    {%- elif not changed_files and is_later == 0 -%}
        {{ return('nothing') }}
    {%- elif rewritten_files or not had_orders or is_later < 0 or dovecote.has_waiting_rows(previous_as_of) -%}
        {{ return('all') }}
    {%- endif -%}
    {%- for name, columns in dovecote.compared_relations().items() -%}
        {%- do dovecote.make_table(dovecote.previous_relation(name), "select " ~ columns | join(", ") ~ " from " ~ ref('dovecote', name)) -%}
    {%- endfor -%}
    {{ return('changes') }}
{% endmacro %}


{# Whether somebody has taken a table away of which a build of changes would make a part. #}
{% macro misses_tables() %}
    {%- set missed = [] -%}
    {%- for node in graph.nodes.values() if node.config.materialized in ['sliced_table', 'summed_table'] -%}
        {%- if load_relation(dovecote.relation_of(node)) is none -%}
            {%- do missed.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(missed | length > 0) }}
{% endmacro %}


{# The build before this one: its basis, whether it was green, and its as_of. #}
{% macro last_build() %}
    {%- set found = run_query(
        "select basis, is_green, cast(as_of as string) from " ~ dovecote.builds_relation() ~ " where run_id <> '" ~ invocation_id
        ~ "' order by started_at desc limit 1"
    ).rows -%}
    {{ return({"basis": found[0][0], "is_green": found[0][1], "as_of": found[0][2]} if found else none) }}
{% endmacro %}


{# The instant as of which the build before this one looked, as a literal. #}
{% macro previous_as_of() -%}
    {%- set last = dovecote.last_build() if dovecote.scope() == 'changes' else none -%}
    cast({{ "'" ~ last["as_of"] ~ "'" if last else "null" }} as timestamp)
{%- endmacro %}


{# The entities that builds of changes follow by new files alone: where a known one has changed, all is computed. #}
{% macro append_only_entities() %}
    {{ return(['orders', 'order_items', 'events']) }}
{% endmacro %}


{# Tables whose changes touch rows of old, with the columns that matter: kept as they were, to be compared with what they become. #}
{% macro compared_relations() %}
    {{ return({
        'int_core__run': ['reporting_currency'],
        'int_core__customer_merges': ['from_customer_id', 'customer_id'],
        'int_core__exclusions': ['customer_id'],
        'int_core__daily_rates': ['currency', 'rate_date', 'rate_to_reporting'],
        'int_core__customers': ['customer_id', 'acquisition_channel', 'country'],
        'stg_products': ['product_id', 'category', 'unit_cost'],
    }) }}
{% endmacro %}

{# Such a table as it was. #}
{% macro previous_relation(name) %}
    {{ return(dovecote.kept_schema() ~ '.previous_' ~ name) }}
{% endmacro %}


{# Files that are new, changed or gone since the last build: entity, source_name, is_new. #}
{% macro changed_files_relation() %}
    {{ return(dovecote.kept_schema() ~ '.changed_files') }}
{% endmacro %}

{#
    All files and their versions as they are when a build starts, before it reads them: one that is written again while
    it is read differs from what is kept of it, so the next build reads it again.
#}
{% macro found_files_relation() %}
    {{ return(dovecote.kept_schema() ~ '.found_files') }}
{% endmacro %}

{# Whether a build keeps them: one of files, but not into a lake. #}
{% macro keeps_found_files() %}
    {{ return(target.name != 'ducklake' and dovecote.input_mode() == 'folder') }}
{% endmacro %}

{# What such a table holds, as a query. #}
{% macro found_files() %}
    {%- set versions = [] -%}
    {%- for entity in dovecote.input_entities() -%}
        {%- set files = dovecote.entity_files(entity) -%}
        {%- if files -%} {%- do versions.append(dovecote.file_versions(entity, files)) -%} {%- endif -%}
    {%- endfor %}
    {{ return(versions | join(" union all ")) }}
{% endmacro %}

{# The versions of an entity's files when the build started, as a query. #}
{% macro file_versions_at_start(entity, files) %}
    {%- if dovecote.is_recorded() and dovecote.keeps_found_files() -%}
        {{ return("select * from " ~ dovecote.found_files_relation() ~ " where entity = '" ~ entity ~ "'") }}
    {%- endif -%}
    {{ return(dovecote.file_versions(entity, files)) }}
{% endmacro %}

{# What the table of changed files holds, as a query. #}
{% macro compared_files(known_files) %}
    select
        coalesce(found.entity, known.entity) as entity,
        coalesce(found.source_name, known.source_name) as source_name,
        known.source_name is null as is_new
    from {{ dovecote.found_files_relation() }} as found
    full join {{ known_files }} as known
        on found.entity = known.entity and found.source_name = known.source_name
    where found.file_version is distinct from known.file_version
{%- endmacro %}


{# Whether rows wait for as_of or a rate to come to them: they are judged anew with all others. #}
{% macro has_waiting_rows(previous_as_of) %}
    {%- set waiting = [
        "select 1 from " ~ ref('dovecote', 'base_orders') ~ " where reasons like '%no_exchange_rate%' and exists (select 1 from "
        ~ dovecote.changed_files_relation() ~ " where entity = 'exchange_rates')"
    ] -%}
    {%- for entity in dovecote.append_only_entities() -%}
        {%- do waiting.extend(dovecote.waiting_rows(entity, previous_as_of)) -%}
    {%- endfor -%}
    {{ return(dovecote.has_rows(waiting)) }}
{% endmacro %}


{# The rows of an entity that wait for as_of to come to them, as a list of queries. #}
{% macro waiting_rows(entity, previous_as_of) %}
    {%- set definition = dovecote.input_entities()[entity] -%}
    {%- set version = dovecote.version_column(definition) -%}
    {#- no ref: the model of these rows itself asks for them -#}
    {%- set rows = "select 1 from " ~ dovecote.relation_of(graph.nodes['model.dovecote.base_' ~ entity]) ~ " where " -%}
    {#- where all versions of a key are of later, the latest stands for them: as_of may come between them -#}
    {{ return([rows ~ "row_status = 'after_as_of'"] + ([
        rows ~ "row_status <> 'accepted' and " ~ dovecote.was_candidate() ~ " and " ~ version ~ " >= " ~ previous_as_of
    ] if version else [])) }}
{% endmacro %}


{# Whether any of some queries gives a row. #}
{% macro has_rows(queries) %}
    {{ return(run_query("select count(*) from (" ~ queries | join(" union all ") ~ ")").rows[0][0] > 0) }}
{% endmacro %}


{# Whether rows were quarantined for a time to come that has come since. #}
{% macro has_rows_of_a_future_past() %}
    {%- set waiting = [] -%}
    {%- for entity, definition in dovecote.input_entities().items() -%}
        {%- for name, kind in definition["columns"].items() if kind in ("timestamp", "date") and name not in definition["plans"] -%}
            {%- do waiting.append(
                "select 1 from " ~ ref('dovecote', 'base_' ~ entity) ~ " where reasons like '%after_run_start(" ~ name
                ~ ")%' and " ~ name ~ " <= timestamp '" ~ dovecote.run_start() ~ "'"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(dovecote.has_rows(waiting)) }}
{% endmacro %}


{# The new files of an entity, as literals. #}
{% macro new_files(entity) %}
    {{ return(dovecote.quoted_list(run_query(
        "select source_name from " ~ dovecote.changed_files_relation() ~ " where is_new and entity = '" ~ entity ~ "'"
    ).columns[0].values())) }}
{% endmacro %}


{# At the end of a query of changes: no row where a build computes all. #}
{% macro only_of_changes() -%}
    {{ "where 1 = 0" if dovecote.scope() != 'changes' }}
{%- endmacro %}


{# Rows that one of these tables has now or had in the last build, but not both, as a query. #}
{% macro rows_that_differ(name) -%}
    {%- set columns = dovecote.compared_relations()[name] | join(", ") -%}
    {%- set relation = ref('dovecote', name) -%}
    {%- set previous = dovecote.previous_relation(name) if dovecote.scope() == 'changes' else relation -%}
    (
        select {{ columns }} from {{ relation }}
        except
        select {{ columns }} from {{ previous }}
    )
    union
    (
        select {{ columns }} from {{ previous }}
        except
        select {{ columns }} from {{ relation }}
    )
{%- endmacro %}
