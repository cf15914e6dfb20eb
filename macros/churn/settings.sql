{# Settings that models calculate with. #}
{% macro evaluation_cutoffs() %}{{ return(var('dovecote_churn_evaluation_cutoffs')) }}{% endmacro %}

{% macro training_snapshots() %}{{ return(var('dovecote_churn_training_snapshots')) }}{% endmacro %}

{% macro sample_customers() %}{{ return(var('dovecote_churn_sample_customers')) }}{% endmacro %}

{% macro alert_cooldown_days() %}{{ return(var('dovecote_alert_cooldown_days')) }}{% endmacro %}
