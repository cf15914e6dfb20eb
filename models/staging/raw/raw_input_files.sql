{% set counts = [] -%}
{%- for entity in dovecote.input_entities() -%}
{%- set count = dovecote.count_input_rows(entity) | trim -%}
{%- if count -%} {%- do counts.append(count) -%} {%- endif -%}
{%- endfor -%}

{% if counts -%}
select
    cast(entity as string) as entity,
    cast(source_name as string) as source_name,
    cast(physical_rows as bigint) as physical_rows
from (
    {{ counts | join("\nunion all\n") }}
) as counted
{%- else -%}
select
    cast(null as string) as entity,
    cast(null as string) as source_name,
    cast(null as bigint) as physical_rows
where 1 = 0
{%- endif %}
