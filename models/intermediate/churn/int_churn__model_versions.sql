-- A name for what made the scores: the inputs row by row, the settings and the version of the code. Fitted numbers
-- are not in it, as their last digits may differ between machines.
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

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

choices as (

    select * from {{ ref("dovecote", "int_churn__model_choice") }}

),

fingerprints as (
    {% for relation in relations %}
    select
        '{{ relation }}' as relation_name,
        count(*) as relation_rows,
        {{ dovecote.rows_fingerprint(relation) }} as fingerprint
    from {{ ref("dovecote", relation) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

inputs as (

    select
        {{ dovecote.joined_in_order(
            "relation_name || ' ' || relation_rows || ' ' || fingerprint", ["relation_name"], ","
        ) }} as fingerprint
    from fingerprints

),

final as (

    select
        choices.activity,
        choices.horizon_days,
        md5(
            inputs.fingerprint
            || '|' || run.as_of
            || '|{{ dovecote.package_version() }}'
            || '|' || choices.activity || '|' || choices.horizon_days || '|' || coalesce(choices.model_name, '')
            || '|{{ dovecote.quoted(dovecote.churn_settings() | tojson) }}'
        ) as model_version
    from choices
    cross join inputs
    cross join run

)

select * from final
