{#
    The models whose probabilities can be published, as SQL scores them, the preferred first: the one that can be
    explained feature by feature, then the purchase models, then the naive baseline.
#}
{% macro publishable_models() %}
    {{ return(['logistic'] + dovecote.purchase_models() + [dovecote.naive_baseline()]) }}
{% endmacro %}


{# What every model must beat: the churn rate of customers with a like recency. #}
{% macro naive_baseline() %}{{ return('recency_base_rate') }}{% endmacro %}


{# The standard errors within which two models count as equally good. #}
{% macro standard_errors_of_a_tie() %}{{ return(2) }}{% endmacro %}
