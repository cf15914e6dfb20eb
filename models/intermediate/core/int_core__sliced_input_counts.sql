{{ config(materialized="summed_table", sum_keys=["entity", "counted"]) }}

-- What is counted of append-only inputs: orders, their items and events.
with

counts as (
    {% for entity in dovecote.append_only_entities() %}
    {#- an order's row knows what comes after as_of #}
    {{ dovecote.input_counts(entity, dovecote.counted("base_" ~ entity), has_fingerprint=entity != "orders") }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select
    entity,
    counted,
    amount
from counts
