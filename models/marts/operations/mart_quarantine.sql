with

quarantined as (
    {% for entity, definition in dovecote.input_entities().items() %}
    select
        '{{ entity }}' as entity,
        source_name,
        source_position,
        concat_ws('|', {{ definition["key"] | join(", ") }}) as row_key,
        reasons,
        raw_row
    from {{ ref("dovecote", "base_" ~ entity) }}
    where row_status = 'quarantined'
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

final as (

    select
        cast(entity as string) as entity,
        cast(
            row_number() over (
                partition by entity
                order by source_name, length(source_position) nulls first, source_position, raw_row
            ) as bigint
        ) as quarantine_number,
        cast(source_name as string) as source_name,
        cast(source_position as string) as source_position,
        cast(nullif(row_key, '') as string) as row_key,
        cast(reasons as string) as reasons,
        cast(raw_row as string) as raw_row
    from quarantined

)

select * from final
