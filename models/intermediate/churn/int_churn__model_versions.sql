-- A name for what made the scores: the inputs row by row, the settings and the version of the code. Fitted numbers
-- are not in it, as their last digits may differ between machines.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

choices as (

    select * from {{ ref("dovecote", "int_churn__model_choice") }}

),

fingerprints as (
    {% for entity in ["orders", "order_items", "events", "reviews", "nps_responses", "customer_merges", "exclusions"] %}
    select
        '{{ entity }}' as entity,
        count(*) as accepted_rows,
        {{ dovecote.rows_fingerprint("accepted_" ~ entity) }} as fingerprint
    from {{ ref("dovecote", "stg_" ~ entity) }} as accepted_{{ entity }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

inputs as (

    select
        {{ dovecote.joined_in_order("entity || ' ' || accepted_rows || ' ' || fingerprint", ["entity"], ",") }}
            as fingerprint
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
