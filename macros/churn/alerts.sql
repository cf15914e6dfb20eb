{# The horizon that alerts look at. #}
{% macro alert_horizon_days() %}
    {{- return(var('dovecote_alert_horizon_days') or var('dovecote_churn_horizons') | max) -}}
{% endmacro %}


{# How likely a customer is to stay away, in words. #}
{% macro risk_band(churn_probability) -%}
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
