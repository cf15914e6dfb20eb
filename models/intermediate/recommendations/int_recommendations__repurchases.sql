-- What recipients bought and people buy again, with the day on which each is to be expected again.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

owned as (

    select * from {{ ref("dovecote", "int_recommendations__owned") }}
    where basket_count > 0 and not is_barred

),

product_facts as (

    select * from {{ ref("dovecote", "int_recommendations__product_facts") }}
    where is_candidate and is_replenishable

),

gaps as (

    select * from {{ ref("dovecote", "int_recommendations__replenishment_gaps") }}

),

tastes as (

    select * from {{ ref("dovecote", "int_recommendations__tastes") }}

),

scored as (

    select
        owned.customer_number,
        owned.product_number,
        product_facts.category,
        {{ dovecote.rounded("product_facts.blend_trend * product_facts.repeat_factor * owned.owned_weight", 9) }}
            as score,
        {{ dovecote.date_plus_days("owned.last_bought_date", "round(gaps.expected_gap_days)") }} as expected_date,
        {{ dovecote.date_plus_days("owned.last_bought_date", "round(gaps.gap_days_low)") }} as expected_from_date,
        {{ dovecote.date_plus_days("owned.last_bought_date", "round(gaps.gap_days_high)") }} as expected_to_date
    from owned
    inner join run
        on owned.cutoff_date = run.as_of_date
    inner join product_facts
        on owned.cutoff_date = product_facts.cutoff_date and owned.product_number = product_facts.product_number
    inner join gaps
        on owned.customer_number = gaps.customer_number and owned.product_number = gaps.product_number
    inner join tastes
        on owned.cutoff_date = tastes.cutoff_date and owned.customer_number = tastes.customer_number
    where {{ dovecote.is_in_price_band("product_facts.usual_price", "tastes") }}

),

final as (

    select * from scored
    where score > 0

)

select * from final
