{# The horizon that alerts look at. #}
{% macro alert_horizon_days() %}
    {{- return(var('dovecote_churn_horizons') | max if var('dovecote_alert_horizon_days') is none else var('dovecote_alert_horizon_days')) -}}
{% endmacro %}


{# What a customer's staying away is expected to cost. #}
{% macro expected_loss(churn_probability, predicted_value) -%}
    {{ adapter.dispatch('expected_loss', 'dovecote')(churn_probability, predicted_value) }}
{%- endmacro %}

{% macro default__expected_loss(churn_probability, predicted_value) -%}
    {{ churn_probability }} * {{ predicted_value }}
{%- endmacro %}


{# How likely a customer is to stay away, in words. #}
{% macro risk_band(churn_probability) -%}
    {{ adapter.dispatch('risk_band', 'dovecote')(churn_probability) }}
{%- endmacro %}

{% macro default__risk_band(churn_probability) -%}
    {%- set bands = var('dovecote_churn_risk_bands') -%}
    case
        when {{ churn_probability }} >= {{ bands.high }} then 'high'
        when {{ churn_probability }} >= {{ bands.medium }} then 'medium'
        when {{ churn_probability }} is not null then 'low'
    end
{%- endmacro %}


{# Who should take up an alert. #}
{% macro alert_owner_group(value_decile, orders, email_consent) -%}
    {{ adapter.dispatch('alert_owner_group', 'dovecote')(value_decile, orders, email_consent) }}
{%- endmacro %}

{% macro default__alert_owner_group(value_decile, orders, email_consent) -%}
    case
        when {{ value_decile }} = 10 then 'key_accounts'
        when not {{ email_consent }} then 'customer_service'
        when {{ orders }} = 1 then 'onboarding'
        else 'campaigns'
    end
{%- endmacro %}
