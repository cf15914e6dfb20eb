{# The settings that a churn score depends on. #}
{% macro churn_settings() %}
    {%- set settings = {} -%}
    {%- for name in dovecote.setting_names() if name.startswith('dovecote_churn_') or name in ['dovecote_timezone', 'dovecote_currency'] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(settings) }}
{% endmacro %}


{# Settings that models calculate with. #}
{% macro evaluation_cutoffs() %}{{ return(var('dovecote_churn_evaluation_cutoffs')) }}{% endmacro %}

{% macro training_snapshots() %}{{ return(var('dovecote_churn_training_snapshots')) }}{% endmacro %}

{% macro sample_customers() %}{{ return(var('dovecote_churn_sample_customers')) }}{% endmacro %}

{% macro alert_cooldown_days() %}{{ return(var('dovecote_alert_cooldown_days')) }}{% endmacro %}
