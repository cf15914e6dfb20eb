{#
    Every raw row of an entity with its columns typed and `reasons`: why it cannot be accepted, '' where it can.
    Expects the raw model of the entity and int_core__run.
#}
{% macro typed_rows(entity) %}
    {%- set definition = dovecote.input_entities()[entity] %}
    select
        *,
        concat_ws(
            ', ',
            malformed_reason
            {%- for name, kind in definition["columns"].items() if kind not in ("text", "code") %},
            case when {{ name }} is null and {{ dovecote.is_given("raw_" ~ name) }} then 'bad_type({{ name }})' end
            {%- endfor %}
            {%- for name in definition["required"] %},
            case
                when malformed_reason is null and {{ name }} is null and not {{ dovecote.is_given("raw_" ~ name) }}
                    then '{{ "missing_key" if name in definition["key"] else "missing_value" }}({{ name }})'
            end
            {%- endfor %}
            {%- for name, kind in definition["columns"].items() if kind in ("timestamp", "date") %},
            case
                when {{ name }} < timestamp '1990-01-01 00:00:00' then 'before_1990({{ name }})'
                {%- if name not in definition["plans"] %}
                when {{ name }} > run_started_at then 'after_run_start({{ name }})'
                {%- endif %}
            end
            {%- endfor %}
            {%- for name in definition["amounts"] %},
            case
                when {{ name }} < 0 then 'negative({{ name }})'
                when {{ name }} >= 1000000000000 then 'too_large({{ name }})'
            end
            {%- endfor %}
            {%- for name, range in definition.get("ranges", {}).items() %},
            case when {{ name }} not between {{ range[0] }} and {{ range[1] }} then 'out_of_range({{ name }})' end
            {%- endfor %}
            {%- if dovecote.is_slice() and entity in dovecote.append_only_entities() and definition["happened_at"] %},
            case
                when {{ "greatest(" ~ definition["happened_at"] ~ ", updated_at)" if "updated_at" in definition["columns"] else definition["happened_at"] }} < {{ dovecote.previous_as_of() }} - interval {{ var("dovecote_allowed_lateness_days") }} day
                    then 'too_late({{ definition["happened_at"] }})'
            end
            {%- endif %}
        ) as reasons
    from (
        select
            {%- for name, kind in definition["columns"].items() %}
            {{ dovecote.read_as(kind, 'raw.' ~ name) | indent(12) }} as {{ name }},
            raw.{{ name }} as raw_{{ name }},
            {%- endfor %}
            raw.x_columns,
            raw.source_name,
            raw.source_position,
            raw.malformed_reason,
            raw.malformed_line,
            run.run_started_at,
            run.as_of
        from {{ ref('dovecote', 'raw_' ~ entity) }} as raw
        cross join {{ ref('dovecote', 'int_core__run') }} as run
        {%- if dovecote.is_slice() %}
        where raw.source_name in ({{ dovecote.new_files(entity) }})
        {%- endif %}
    ) as typed
{%- endmacro %}


{# Whether a raw value is more than blanks. #}
{% macro is_given(value) -%}
    nullif(trim(cast({{ value }} as string)), '') is not null
{%- endmacro %}


{#
    The verdict on every row of a CTE made by typed_rows: row_status is accepted, duplicate, quarantined, after_as_of or
    forgotten. Identical rows of a key are duplicates of one; of different ones the latest version wins among
    those known at as_of, and without a latest one all are quarantined. Only candidates, which have a key and no
    fault, are compared, and of them only those whose key comes more than once: that is cheap to find, and all
    the windows over a million single rows are not. The input is read twice, keys first, as its rows with all their
    columns need more memory than a machine may have.

    A slice judges the rows of new files, together with the rows of their keys that are known already.
#}
{% macro judged_rows(checked, entity, happened_at=none, more_reasons=none) %}
    {%- set definition = dovecote.input_entities()[entity] -%}
    {%- set columns = definition["columns"].keys() | list -%}
    {%- set happened_at = happened_at or definition["happened_at"] -%}
    {%- set key_columns = definition["key"] -%}
    {%- set key = key_columns | join(', ') -%}
    {%- set version = dovecote.version_column(definition) -%}
    {%- set shown_columns = [] -%}
    {%- for name in columns if not (var('dovecote_pseudonymise') and name in definition["personal"]) -%}
        {%- do shown_columns.append(name) -%}
    {%- endfor %}
dated as {{ dovecote.not_materialized() }} (

    select
        *,
        {% if more_reasons -%}
        concat_ws(', ', nullif(reasons, ''), {{ more_reasons }})
        {%- else -%}
        reasons
        {%- endif %} as all_reasons,
        {% if happened_at -%}
        {#- a time after the run's start is no fact to come but a fault -#}
        coalesce({{ happened_at }} >= as_of and {{ happened_at }} <= run_started_at, false) as is_after_as_of,
        {%- else -%}
        false as is_after_as_of,
        {%- endif %}
        {{ version or "cast(null as timestamp)" }} as version_at
    from {{ checked }}

),

compared as {{ dovecote.not_materialized() }} (

    select
        *,
        all_reasons = '' and not is_after_as_of and {{ key_columns | join(' is not null and ') }} is not null
            as is_candidate
    from dated

),

{% if dovecote.is_slice() -%}
known as (

    select
        known_rows.*,
        run.as_of,
        {{ version or "cast(null as timestamp)" }} as version_at
    from {{ this }} as known_rows
    cross join {{ ref('dovecote', 'int_core__run') }} as run
    where
        {{ dovecote.was_candidate() }}
        and {{ dovecote.by_place("known_rows", this, dovecote.is_among(key_columns[0], "compared", key_columns[0])) }}

),

{% endif -%}

keys as {{ dovecote.not_materialized() }} (

    select
        {%- for column in key_columns %}
        {{ dovecote.read_as(definition["columns"][column], "raw." ~ column) | indent(8) }} as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('dovecote', 'raw_' ~ entity) }} as raw
    {%- if dovecote.is_slice() %}
    where raw.source_name in ({{ dovecote.new_files(entity) }})

    union all

    select {{ key }}
    from known
    {%- endif %}

),

repeated_keys as (

    select {{ key }}
    from keys
    group by {{ key }}
    having count(*) > 1

),

placed as {{ dovecote.not_materialized() }} (

    select
        compared.*,
        compared.is_candidate and repeated_keys.{{ key_columns[0] }} is not null as is_repeated
    from compared
    left join repeated_keys
        on
        {%- for column in key_columns %}
        compared.{{ column }} = repeated_keys.{{ column }}{{ " and" if not loop.last }}
        {%- endfor %}

),

candidates as (
    {%- set candidate_columns = columns + ["x_columns", "source_name", "source_position", "version_at", "as_of"] %}

    select
        {{ candidate_columns | join(",\n        ") }}
    from placed
    where is_repeated
    {%- if dovecote.is_slice() %}

    union all

    select
        {{ candidate_columns | join(",\n        ") }}
    from known
    {%- endif %}

),

copies as (

    select
        *,
        coalesce(version_at < as_of, false) as is_known_version,
        row_number() over (
            partition by {{ key }}, md5({{ dovecote.columns_as_json(columns + ["x_columns"]) | indent(12) }})
            order by source_name, source_position
        ) as copy_number
    from candidates

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
        ) > 1 as is_conflicting
    from versions

),

verdicts as (

    select
        {%- for name in columns %}
        {{ name }},
        {%- endfor %}
        x_columns,
        source_name,
        source_position,
        case
            when copy_number > 1 then 'duplicate'
            when has_known_version and version_at >= as_of then 'after_as_of'
            when is_conflicting then 'quarantined'
            when version_rank = 1 then 'accepted'
            else 'duplicate'
        end as row_status,
        'conflicting_key({{ key }})' as reasons,
        case when is_conflicting then {{ dovecote.columns_as_json(shown_columns, as_texts=true) }} end as raw_row
    from ranked

    union all

    select
        {%- for name in columns %}
        {{ name }},
        {%- endfor %}
        x_columns,
        source_name,
        source_position,
        case
            when malformed_reason = 'forgotten' then 'forgotten'
            when is_after_as_of then 'after_as_of'
            when all_reasons <> '' then 'quarantined'
            else 'accepted'
        end as row_status,
        all_reasons as reasons,
        case
            when malformed_line is not null then malformed_line
            when all_reasons <> '' then {{ dovecote.columns_as_json(shown_columns, read_from="raw_") }}
        end as raw_row
    from placed
    where not is_repeated

),

judged as (

    select
        {%- for name in columns %}
        {{ name }},
        {%- endfor %}
        x_columns,
        source_name,
        source_position,
        row_status,
        case when row_status = 'quarantined' then reasons end as reasons,
        case when row_status = 'quarantined' then raw_row end as raw_row
    from verdicts

)
{%- endmacro %}


{# The column whose latest value wins among rows of one key, if any. #}
{% macro version_column(definition) %}
    {{ return(definition.get("version", "updated_at" if "updated_at" in definition["columns"] else none)) }}
{% endmacro %}


{# Whether a row of a base model was compared with others of its key. #}
{% macro was_candidate() -%}
    (row_status in ('accepted', 'duplicate') or (row_status = 'quarantined' and reasons like 'conflicting_key(%'))
{%- endmacro %}
