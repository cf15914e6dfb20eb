{% set entities = dovecote.input_entities() -%}

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

input_counts as (

    select * from {{ ref("dovecote", "int_core__input_counts") }}

    union all

    select * from {{ ref("dovecote", "int_core__known_input_counts") }}
    {%- for entity in ["customers", "reviews", "nps_responses"] %}

    union all

    select
        '{{ entity }}' as entity,
        'excluded' as counted,
        cast(count(*) as decimal(38, 0)) as amount
    from {{ ref("dovecote", "stg_" ~ entity) }} as owned_rows
    left join customer_merges
        on owned_rows.customer_id = customer_merges.from_customer_id
    inner join exclusions
        on coalesce(customer_merges.customer_id, owned_rows.customer_id) = exclusions.customer_id
    {%- endfor %}

),

files as (

    select distinct entity from {{ ref("dovecote", "raw_input_files") }}

),

filled as (
    {% for entity, definition in entities.items() %}
    select
        '{{ entity }}' as entity,
        {{ dovecote.amount_of("rows_accepted") }} as accepted,
        {{ dovecote.amount_of("excluded") }} as excluded_rows,
        {{ dovecote.amount_of("without_person") }} as rows_without_person,
        concat_ws(
            ', ',
            cast(null as string)
            {%- for name in definition["columns"] %},
            case when {{ dovecote.amount_of("filled_" ~ name) }} > 0 then '{{ name }}' end
            {%- endfor %}
        ) as columns_filled,
        concat_ws(
            ', ',
            cast(null as string)
            {%- for name in definition["columns"] %},
            case when {{ dovecote.amount_of("filled_" ~ name) }} = 0 then '{{ name }}' end
            {%- endfor %}
        ) as columns_empty,
        '{{ dovecote.quoted(definition["without"]) }}' as cost_when_absent,
        concat_ws(
            '; ',
            cast(null as string)
            {%- for name, cost in definition.get("without_columns", {}).items() %},
            case
                when {{ dovecote.amount_of("filled_" ~ name) }} = 0 then '{{ dovecote.quoted(name ~ ": " ~ cost) }}'
            end
            {%- endfor %}
        ) as cost_of_empty_columns,
        '{{ definition["undated"] | join(", ") }}' as undated_columns
    from input_counts
    where entity = '{{ entity }}'
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

latest as (

    select * from {{ ref("dovecote", "int_core__latest_input_rows") }}

),

final as (

    select
        cast(filled.entity as string) as entity,
        files.entity is not null as is_present,
        filled.accepted as accepted_rows,
        filled.excluded_rows,
        filled.rows_without_person,
        cast(nullif(filled.columns_filled, '') as string) as columns_filled,
        cast(nullif(filled.columns_empty, '') as string) as columns_empty,
        cast(
            nullif(
                case when filled.accepted = 0 then filled.cost_when_absent else filled.cost_of_empty_columns end, ''
            ) as string
        ) as what_is_lost,
        cast(nullif(filled.undated_columns, '') as string) as undated_columns,
        cast(latest.latest_at as timestamp) as latest_at,
        round(24 * {{ dovecote.elapsed_days("latest.latest_at", "run.as_of") }}, 3) as lag_hours
    from filled
    cross join run
    left join files
        on filled.entity = files.entity
    left join latest
        on filled.entity = latest.entity

)

select * from final
