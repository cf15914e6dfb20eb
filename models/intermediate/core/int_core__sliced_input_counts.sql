{{ config(materialized="summed_table", sum_keys=["entity", "counted"]) }}

-- What is counted of the inputs that come as new files.
with

counts as (
    {% for entity in dovecote.sliced_entities() %}
    {{ dovecote.input_counts(entity, dovecote.counted("base_" ~ entity)) }}
    union all
    {%- endfor %}
    select
        'orders' as entity,
        'excluded' as counted,
        cast(count(*) filter (where is_excluded) as decimal(38, 0)) as amount
    from {{ dovecote.counted("int_core__orders") }}

    union all

    select
        'events' as entity,
        'excluded' as counted,
        cast(count(*) filter (where is_excluded and customer_id is not null) as decimal(38, 0)) as amount
    from {{ dovecote.counted("int_core__events") }}

    union all

    select
        'events' as entity,
        'without_person' as counted,
        cast(count(*) filter (where person_id is null) as decimal(38, 0)) as amount
    from {{ dovecote.counted("int_core__events") }}

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
