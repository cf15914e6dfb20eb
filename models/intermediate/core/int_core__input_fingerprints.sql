-- What changes with any accepted row of an input as it was known at as_of, and not with the order of rows. Rates are in
-- the amounts of orders.
{% set told_otherwise = dovecote.append_only_entities() + ["exchange_rates"] -%}
{%- set other_entities = dovecote.input_entities() | reject("in", told_otherwise) | list -%}
{%- set seeds = ["int_core__order_status_policy", "int_core__event_vocabulary"] -%}
{%- set relations = seeds + dovecote.each_of(other_entities, "stg_{0}", " ").split(" ") -%}

with

counts as (

    select * from {{ ref("dovecote", "int_core__sliced_input_counts") }}

    union all

    select * from {{ ref("dovecote", "int_core__known_input_counts") }}

),

final as (

    select
        'stg_' || entity as relation_name,
        {{ dovecote.amount_of("rows_accepted") }} as relation_rows,
        cast({{ dovecote.amount_of("fingerprint") }} as string) as fingerprint
    from counts
    group by entity
    {% for relation in relations %}
    union all

    select
        '{{ relation }}' as relation_name,
        count(*) as relation_rows,
        cast({{ dovecote.rows_fingerprint(relation) }} as string) as fingerprint
    from {{ ref("dovecote", relation) }}
    {% endfor %}
)

select * from final
