-- What moved each published score most, in words: the three largest contributions to the log-odds for those at medium
-- or high risk, the three smallest for others. A purchase model rests on the history as a whole, a base rate on
-- recency.
{% set features = dovecote.churn_features() -%}

with

choices as (

    select * from {{ ref("dovecote", "int_churn__model_choice") }}

),

spans as (

    select * from {{ ref("dovecote", "int_churn__spans") }}

),

facts as (

    select * from {{ ref("dovecote", "int_churn__facts_at_cutoffs") }}

),

logistic_scores as (

    select * from {{ ref("dovecote", "int_churn__logistic_scores") }}

),

contributed as (

    select
        facts.*,
        {%- for feature in features %}
        case
            when choices.model_name = 'logistic' then nullif(logistic_scores.{{ feature.name }}_contribution, 0)
            {%- if feature.name == "recency" %}
            when choices.model_name = '{{ dovecote.naive_baseline() }}' then cast(0 as double)
            {%- endif %}
            {%- if feature.name in ["recency", "gap_trend", "btyd_log_odds"] %}
            when choices.model_name <> '{{ dovecote.naive_baseline() }}' then cast(0 as double)
            {%- endif %}
        end as {{ feature.name }}_contribution,
        {%- endfor %}
        case
            when {{ dovecote.risk_band("logistic_scores.churn_probability") | indent(8) }} = 'low' then -1
            else 1
        end as direction,
        choices.model_name
    from facts
    inner join spans
        on
            facts.activity = spans.activity
            and facts.cutoff_date = spans.as_of_date
            and facts.fit_date = spans.as_of_date
    inner join choices
        on facts.activity = choices.activity and facts.horizon_days = choices.horizon_days
    left join logistic_scores
        on
            facts.activity = logistic_scores.activity
            and facts.horizon_days = logistic_scores.horizon_days
            and facts.fit_date = logistic_scores.fit_date
            and facts.cutoff_date = logistic_scores.cutoff_date
            and facts.customer_id = logistic_scores.customer_id

),

sorted as (

    select
        *,
        {{ dovecote.places_by_weight(dovecote.contribution_weights()) | indent(8) }} as places
    from contributed

),

final as (

    select
        activity,
        horizon_days,
        {%- for number in [1, 2, 3] %}
        {%- set place = dovecote.element_of("places", number) %}
        case {{ place }}
            {%- for feature in features %}
            when {{ loop.index }} then {{ feature.reason }} || {{ dovecote.direction(feature.name) }}
            {%- endfor %}
        end as reason_{{ number }},
        {%- endfor %}
        customer_id
    from sorted

)

select * from final
