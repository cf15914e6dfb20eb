{# Past cut-offs at which scores are graded. #}
{% macro evaluation_cutoffs() %}{{ return(var('dovecote_churn_evaluation_cutoffs')) }}{% endmacro %}

{# Past snapshots that a model learns from. #}
{% macro training_snapshots() %}{{ return(var('dovecote_churn_training_snapshots')) }}{% endmacro %}

{# Customers who are looked at in the past. #}
{% macro sample_customers() %}{{ return(var('dovecote_churn_sample_customers')) }}{% endmacro %}

{# Days for which nobody is alerted again. #}
{% macro alert_cooldown_days() %}{{ return(var('dovecote_alert_cooldown_days')) }}{% endmacro %}
