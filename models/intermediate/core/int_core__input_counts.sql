-- What is counted of every input's judged rows; nothing counted is no row.
{% set sliced_entities = dovecote.sliced_entities() -%}

with

counts as (

    select * from {{ ref("dovecote", "int_core__sliced_input_counts") }}
    {%- for entity in dovecote.input_entities() if entity not in sliced_entities %}
    union all
    {{ dovecote.input_counts(entity, ref("dovecote", "base_" ~ entity)) }}
    {%- endfor %}

),

final as (

    select
        cast(entity as string) as entity,
        cast(counted as string) as counted,
        amount
    from counts
    where amount <> 0

)

select * from final
