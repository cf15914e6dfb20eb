{#
    Every raw row of an entity with its columns typed and `reasons`: why it cannot be accepted, '' where it can.
    Expects the raw model of the entity and int_core__run.
#}
{% macro typed_rows(entity) %}
    {%- set definition = dovecote.input_entities()[entity] -%}
    {%- set plans = definition["plans"] -%}
    {%- set raw_columns = [] -%}
    {%- for name in definition["columns"] -%} {%- do raw_columns.append("raw." ~ name) -%} {%- endfor %}
    select
        {%- for name, kind in definition["columns"].items() %}
        typed.{{ name }},
        {%- endfor %}
        typed.x_columns,
        typed.source_name,
        typed.source_position,
        typed.malformed_line,
        concat_ws(
            ', ',
            typed.malformed_reason
            {%- for name, kind in definition["columns"].items() if kind != "text" %},
            case when typed.{{ name }} is null and typed.{{ name }}_is_given then 'bad_type({{ name }})' end
            {%- endfor %}
            {%- for name in definition["required"] %},
            case
                when typed.malformed_reason is null and typed.{{ name }} is null and not typed.{{ name }}_is_given
                    then '{{ "missing_key" if name in definition["key"] else "missing_value" }}({{ name }})'
            end
            {%- endfor %}
            {%- for name, kind in definition["columns"].items() if kind in ("timestamp", "date") %},
            case
                when typed.{{ name }} < timestamp '1990-01-01 00:00:00' then 'before_1990({{ name }})'
                {%- if name not in plans %}
                when typed.{{ name }} > typed.run_started_at then 'after_run_start({{ name }})'
                {%- endif %}
            end
            {%- endfor %}
            {%- for name in definition["amounts"] %},
            case when typed.{{ name }} < 0 then 'negative({{ name }})' end
            {%- endfor %}
            {%- for name, range in definition.get("ranges", {}).items() %},
            case
                when typed.{{ name }} not between {{ range[0] }} and {{ range[1] }} then 'out_of_range({{ name }})'
            end
            {%- endfor %}
        ) as reasons,
        typed.raw_row,
        typed.as_of
    from (
        select
            {%- for name, kind in definition["columns"].items() %}
            {{ dovecote.read_as(kind, 'raw.' ~ name) | indent(12) }} as {{ name }},
            {%- endfor %}
            {%- for name, kind in definition["columns"].items() if kind != "text" or name in definition["required"] %}
            nullif(trim(cast(raw.{{ name }} as string)), '') is not null as {{ name }}_is_given,
            {%- endfor %}
            raw.x_columns,
            raw.source_name,
            raw.source_position,
            raw.malformed_reason,
            raw.malformed_line,
            run.run_started_at,
            run.as_of,
            {{ dovecote.columns_as_json(raw_columns) }} as raw_row
        from {{ ref('dovecote', 'raw_' ~ entity) }} as raw
        cross join {{ ref('dovecote', 'int_core__run') }} as run
    ) as typed
{%- endmacro %}


{#
    The verdict on every row of a CTE made by typed_rows: row_status is accepted, duplicate, quarantined or
    after_as_of. Identical rows of a key are duplicates of one; of different ones the latest updated_at wins
    among those known at as_of, and without a latest one all are quarantined. Only candidates, which have a key
    and no fault, are compared: a million lines without keys would be one giant partition.
#}
{% macro judged_rows(checked, entity, happened_at=none, more_reasons=none) %}
    {%- set definition = dovecote.input_entities()[entity] -%}
    {%- set columns = definition["columns"].keys() | list -%}
    {%- set happened_at = happened_at or definition["happened_at"] -%}
    {%- set key = definition["key"] | join(', ') -%}
    {%- set versioned = "updated_at" in columns %}
dated as (

    select
        *,
        {% if more_reasons -%}
        concat_ws(', ', nullif(reasons, ''), {{ more_reasons }})
        {%- else -%}
        reasons
        {%- endif %} as all_reasons,
        {% if happened_at -%}
        coalesce({{ happened_at }} >= as_of, false) as is_after_as_of,
        {%- else -%}
        false as is_after_as_of,
        {%- endif %}
        {{ "updated_at" if versioned else "cast(null as timestamp)" }} as version_at
    from {{ checked }}

),

compared as (

    select
        *,
        all_reasons = '' and not is_after_as_of and {{ definition["key"] | join(' is not null and ') }} is not null as is_candidate,
        md5({{ dovecote.columns_as_json(columns + ["x_columns"]) }}) as content_hash
    from dated

),

copies as (

    select
        *,
        coalesce(version_at < as_of, false) as is_known_version,
        row_number() over (
            partition by {{ key }}, content_hash
            order by source_name, source_position
        ) as copy_number
    from compared
    where is_candidate

),

versions as (

    select
        *,
        rank() over (
            partition by {{ key }}, copy_number = 1
            order by is_known_version desc, version_at desc nulls last
        ) as version_rank,
        count(*) over (
            partition by {{ key }}, copy_number = 1, is_known_version, version_at
        ) as equal_versions,
        max(case when is_known_version then 1 else 0 end) over (
            partition by {{ key }}
        ) = 1 as has_known_version
    from copies

),

ranked as (

    select
        *,
        max(case when copy_number = 1 and version_rank = 1 then equal_versions end) over (
            partition by {{ key }}
        ) > 1 as is_conflicting,
        coalesce(has_known_version and version_at >= as_of, false) as is_later_version
    from versions

),

judged as (
    {% for part in ["ranked", "compared"] %}
    select
        {%- for name in columns %}
        {{ name }},
        {%- endfor %}
        x_columns,
        source_name,
        source_position,
        {% if part == "ranked" -%}
        case
            when copy_number > 1 then 'duplicate'
            when is_later_version then 'after_as_of'
            when is_conflicting then 'quarantined'
            when version_rank = 1 then 'accepted'
            else 'duplicate'
        end as row_status,
        case when copy_number = 1 and is_conflicting and not is_later_version then 'conflicting_key({{ key }})' end as reasons,
        {%- else -%}
        case
            when all_reasons <> '' then 'quarantined'
            when is_after_as_of then 'after_as_of'
            else 'accepted'
        end as row_status,
        nullif(all_reasons, '') as reasons,
        {%- endif %}
        coalesce(malformed_line, raw_row) as raw_row
    from {{ part }}
    {{ "where not is_candidate" if part == "compared" else "union all" }}
    {%- endfor %}

)
{%- endmacro %}
