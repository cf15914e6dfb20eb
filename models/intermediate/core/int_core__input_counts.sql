-- What is counted of every input's judged rows.
{% set append_only_entities = dovecote.append_only_entities() -%}

with

counts as (

    select * from {{ ref("dovecote", "int_core__sliced_input_counts") }}
    {%- for entity in dovecote.input_entities() if entity not in append_only_entities %}
    union all
    {{ dovecote.input_counts(entity, ref("dovecote", "base_" ~ entity)) }}
    {%- endfor %}

)

select
    entity,
    counted,
    amount
from counts
