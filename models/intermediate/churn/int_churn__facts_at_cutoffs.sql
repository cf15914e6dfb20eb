-- A customer's history and facts at a cut-off, looking ahead one horizon.
{% set horizon_end_date = dovecote.date_plus_days("horizons.cutoff_date", "horizons.horizon_days") -%}

with

scored_horizons as (

    select * from {{ ref("dovecote", "int_churn__scored_horizons") }}

),

wanted_horizons as (

    select distinct
        activity,
        snapshot_date,
        snapshot_horizon_days
    from {{ ref("dovecote", "int_churn__snapshots") }}

),

histories as (

    select * from {{ ref("dovecote", "int_churn__histories") }}

),

customer_facts as (

    select * from {{ ref("dovecote", "int_churn__customer_facts") }}

),

visit_days as (

    select * from {{ ref("dovecote", "int_churn__visit_days") }}

),

tuple_scores as (

    select * from {{ ref("dovecote", "int_churn__tuple_scores") }}

),

outcomes as (

    select * from {{ ref("dovecote", "int_churn__outcomes") }}

),

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}

),

horizons as (

    select scored_horizons.*
    from scored_horizons
    inner join wanted_horizons
        on
            scored_horizons.activity = wanted_horizons.activity
            and scored_horizons.fit_date = wanted_horizons.snapshot_date
            and scored_horizons.horizon_days = wanted_horizons.snapshot_horizon_days

),

windows as (

    select distinct
        cutoff_date,
        horizon_days
    from horizons

),

visits as (

    select
        windows.cutoff_date,
        windows.horizon_days,
        visit_days.customer_id,
        count(*) as visit_days,
        count(*) filter (where visit_days.is_cart_abandoned) as carts_abandoned
    from windows
    inner join visit_days
        on
            windows.cutoff_date >= visit_days.visit_date
            and {{ dovecote.date_plus_days("windows.cutoff_date", "-windows.horizon_days") }} < visit_days.visit_date
    group by windows.cutoff_date, windows.horizon_days, visit_days.customer_id

),

-- One purchase model speaks for all: their log-odds differ too little for a reader to tell them apart.
purchase_model_scores as (

    select
        *,
        row_number() over (
            partition by
                activity, fit_date, cutoff_date, horizon_days, repeat_days, first_to_last_days, age_days
            order by
                case model_name
                    {%- for model_name in dovecote.purchase_models() %}
                    when '{{ model_name }}' then {{ loop.index }}
                    {%- endfor %}
                end
        ) as preference
    from tuple_scores

),

final as (

    select
        horizons.activity,
        horizons.fit_date,
        horizons.cutoff_date,
        horizons.horizon_days,
        histories.customer_id,
        histories.is_in_sample,
        histories.recency_days,
        histories.age_days,
        histories.repeat_days,
        histories.first_to_last_days,
        histories.last_gap_days,
        customer_facts.net_amount,
        customer_facts.gross_amount,
        customer_facts.discount_amount,
        customer_facts.refund_amount,
        customer_facts.categories,
        customer_facts.mean_rating,
        customer_facts.nps_score,
        purchase_model_scores.churn_probability as purchase_model_probability,
        coalesce(visits.visit_days, 0) as visit_days,
        coalesce(visits.carts_abandoned, 0) as carts_abandoned,
        case
            when
                horizons.is_sampled
                and spans.last_whole_date >= {{ horizon_end_date }}
                then {{ dovecote.is_churned("outcomes.next_activity_date", horizon_end_date) }}
        end as is_churned
    from horizons
    inner join spans
        on horizons.activity = spans.activity
    inner join histories
        on
            horizons.activity = histories.activity
            and horizons.cutoff_date = histories.cutoff_date
            and (histories.is_in_sample or not horizons.is_sampled)
    inner join customer_facts
        on histories.cutoff_date = customer_facts.cutoff_date and histories.customer_id = customer_facts.customer_id
    left join purchase_model_scores
        on
            horizons.activity = purchase_model_scores.activity
            and horizons.fit_date = purchase_model_scores.fit_date
            and horizons.cutoff_date = purchase_model_scores.cutoff_date
            and horizons.horizon_days = purchase_model_scores.horizon_days
            and histories.repeat_days = purchase_model_scores.repeat_days
            and histories.first_to_last_days = purchase_model_scores.first_to_last_days
            and histories.age_days = purchase_model_scores.age_days
            and purchase_model_scores.preference = 1
    left join visits
        on
            horizons.cutoff_date = visits.cutoff_date
            and horizons.horizon_days = visits.horizon_days
            and histories.customer_id = visits.customer_id
    left join outcomes
        on
            horizons.activity = outcomes.activity
            and horizons.cutoff_date = outcomes.cutoff_date
            and histories.customer_id = outcomes.customer_id

)

select * from final
