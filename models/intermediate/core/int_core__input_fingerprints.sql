-- What changes with any accepted row of an input, and not with their order.
{% set relations = [
    "stg_orders",
    "stg_order_items",
    "stg_customers",
    "stg_products",
    "stg_events",
    "stg_reviews",
    "stg_nps_responses",
    "stg_customer_merges",
    "stg_exclusions",
    "int_core__order_status_policy",
    "int_core__event_vocabulary",
] -%}

with

final as (
    {% for relation in relations %}
    select
        '{{ relation }}' as relation_name,
        count(*) as relation_rows,
        {{ dovecote.rows_fingerprint(relation) }} as fingerprint
    from {{ ref("dovecote", relation) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select * from final
