with

latest as (
    {% for entity, definition in dovecote.input_entities().items() if definition["happened_at"] %}
    select
        '{{ entity }}' as entity,
        max({{ definition["happened_at"] }}) as latest_at
    from {{ ref("dovecote", "base_" ~ entity) }}
    where row_status = 'accepted'
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select
    entity,
    cast(latest_at as timestamp) as latest_at
from latest
