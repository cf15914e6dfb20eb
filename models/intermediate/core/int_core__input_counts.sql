-- What is counted of every input; nothing counted is no row.
{% set sliced_entities = dovecote.sliced_entities() -%}

with

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

exclusions as (

    select * from {{ ref("dovecote", "int_core__exclusions") }}

),

counts as (

    select * from {{ ref("dovecote", "int_core__sliced_input_counts") }}
    {%- for entity in dovecote.input_entities() if entity not in sliced_entities %}
    union all
    {{ dovecote.input_counts(entity, ref("dovecote", "base_" ~ entity)) }}
    {%- endfor %}
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

final as (

    select
        cast(entity as string) as entity,
        cast(counted as string) as counted,
        amount
    from counts
    where amount <> 0

)

select * from final
