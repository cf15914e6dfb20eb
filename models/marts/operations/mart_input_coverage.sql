{% set entities = dovecote.input_entities() -%}
{#- entities whose rows belong to a customer, so that the rows of excluded ones can be counted -#}
{%- set owned = ["orders", "customers", "events", "reviews", "nps_responses"] -%}

with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

exclusions as (

    select * from {{ ref("dovecote", "int_core__exclusions") }}

),

files as (

    select distinct entity from {{ ref("dovecote", "raw_input_files") }}

),

filled as (
    {% for entity, definition in entities.items() %}
    select
        '{{ entity }}' as entity,
        count(*) as accepted,
        {% if definition["happened_at"] -%}
        max({{ definition["happened_at"] }})
        {%- else -%}
        cast(null as timestamp)
        {%- endif %} as latest_at,
        concat_ws(
            ', ',
            cast(null as string)
            {%- for name in definition["columns"] %},
            case when count({{ name }}) > 0 then '{{ name }}' end
            {%- endfor %}
        ) as columns_filled,
        concat_ws(
            ', ',
            cast(null as string)
            {%- for name in definition["columns"] %},
            case when count({{ name }}) = 0 then '{{ name }}' end
            {%- endfor %}
        ) as columns_empty,
        '{{ dovecote.quoted(definition["without"]) }}' as cost_when_absent,
        concat_ws(
            '; ',
            cast(null as string)
            {%- for name, cost in definition.get("without_columns", {}).items() %},
            case when count({{ name }}) = 0 then '{{ dovecote.quoted(name ~ ": " ~ cost) }}' end
            {%- endfor %}
        ) as cost_of_empty_columns,
        '{{ definition["undated"] | join(", ") }}' as undated_columns
    from {{ ref("dovecote", "base_" ~ entity) }}
    where row_status = 'accepted'
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

excluded_counts as (
    {% for entity in owned %}
    select
        '{{ entity }}' as entity,
        count(*) as excluded_rows
    from {{ ref("dovecote", "stg_" ~ entity) }} as owned_rows
    left join customer_merges
        on owned_rows.customer_id = customer_merges.from_customer_id
    inner join exclusions
        on coalesce(customer_merges.customer_id, owned_rows.customer_id) = exclusions.customer_id
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

without_person as (

    select count(*) as rows_without_person
    from {{ ref("dovecote", "int_core__events") }}
    where person_id is null

),

final as (

    select
        cast(filled.entity as string) as entity,
        files.entity is not null as is_present,
        cast(filled.accepted as bigint) as accepted_rows,
        cast(coalesce(excluded_counts.excluded_rows, 0) as bigint) as excluded_rows,
        cast(
            case when filled.entity = 'events' then without_person.rows_without_person else 0 end as bigint
        ) as rows_without_person,
        cast(nullif(filled.columns_filled, '') as string) as columns_filled,
        cast(nullif(filled.columns_empty, '') as string) as columns_empty,
        cast(
            nullif(
                case when filled.accepted = 0 then filled.cost_when_absent else filled.cost_of_empty_columns end, ''
            ) as string
        ) as what_is_lost,
        cast(nullif(filled.undated_columns, '') as string) as undated_columns,
        cast(filled.latest_at as timestamp) as latest_at,
        round(24 * {{ dovecote.elapsed_days("filled.latest_at", "run.as_of") }}, 3) as lag_hours
    from filled
    cross join run
    cross join without_person
    left join files
        on filled.entity = files.entity
    left join excluded_counts
        on filled.entity = excluded_counts.entity

)

select * from final
