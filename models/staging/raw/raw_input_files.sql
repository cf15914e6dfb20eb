{{ config(materialized="kept_table") }}
{#- a table even where the input is Parquet: a view would read the files of now, not those that the build has read -#}

{% set counts = [] -%}
{%- set versions = [] -%}
{%- for entity in dovecote.input_entities() -%}
{%- set count = dovecote.count_input_rows(entity) | trim -%}
{%- if count -%} {%- do counts.append(count) -%} {%- endif -%}
{%- set files = dovecote.entity_files(entity) if dovecote.input_mode() == 'folder' and execute else [] -%}
{%- if files -%} {%- do versions.append(dovecote.file_versions_at_start(entity, files)) -%} {%- endif -%}
{%- endfor -%}

{% if counts -%}
select
    cast(counted.entity as string) as entity,
    cast(counted.source_name as string) as source_name,
    cast(counted.physical_rows as bigint) as physical_rows,
    {{ "cast(versions.file_version as string)" if versions else "cast(null as string)" }} as file_version
from (
    {{ counts | join("\nunion all\n") }}
) as counted
{%- if versions %}
left join (
    {{ versions | join("\nunion all\n") }}
) as versions
    on counted.entity = versions.entity and counted.source_name = versions.source_name
{%- endif %}
{%- else -%}
select
    cast(null as string) as entity,
    cast(null as string) as source_name,
    cast(null as bigint) as physical_rows,
    cast(null as string) as file_version
where 1 = 0
{%- endif %}
