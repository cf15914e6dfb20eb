{# Past cut-offs at which lists are graded. #}
{% macro recommendation_evaluation_cutoffs() %}{{ return(var('dovecote_recommendation_evaluation_cutoffs')) }}{% endmacro %}

{# Days after a cut-off on whose purchases lists are graded. #}
{% macro recommendation_evaluation_days() %}{{ return(var('dovecote_recommendation_evaluation_days')) }}{% endmacro %}

{# Customers who are looked at at a past cut-off. #}
{% macro recommendation_sample_customers() %}{{ return(var('dovecote_recommendation_sample_customers')) }}{% endmacro %}

{# Products in a published list. #}
{% macro recommendations_per_list() %}{{ return(var('dovecote_recommendations_per_list')) }}{% endmacro %}


{# How deep lists are that are graded, whatever the length of those that are published. #}
{% macro graded_list_length() %}{{ return(20) }}{% endmacro %}


{# The numbers that lists are made with, chosen shop by shop: the names of dovecote.recommend.Settings. #}
{% macro list_settings() %}
    {{ return([
        'ease_lambda', 'half_life_days', 'trend_half_life_days', 'trend_prior', 'popularity_days', 'repeat_power',
        'similar_weight', 'blend_trend_power', 'discover_trend_power',
    ]) }}
{% endmacro %}


{# Share of buyers who buy a product again, from which on it counts as one that people replenish. #}
{% macro replenishable_min_repeat_share() %}{{ return(var('dovecote_recommendation_min_repeat_share')) }}{% endmacro %}

{# Days for which what lies in a cart is not recommended. #}
{% macro recommendation_cart_days() %}{{ return(var('dovecote_recommendation_cart_days')) }}{% endmacro %}

{# What a purchase counts as a signal of interest. #}
{% macro purchase_signal_weight() %}{{ return(var('dovecote_recommendation_signal_weights')['purchase']) }}{% endmacro %}


{# How many neighbours of a product are kept. #}
{% macro neighbours_per_product() %}{{ return(50) }}{% endmacro %}


{# Days of a customer that make a basket; none where an order does. #}
{% macro basket_days() %}{{ return(var('dovecote_association_window_days')) }}{% endmacro %}


{# Baskets of a segment with a product from which on it counts as popular there: fewer are chance. #}
{% macro min_segment_baskets() %}{{ return(5) }}{% endmacro %}


{# Days after which whoever buys a product again has had the time to. #}
{% macro days_to_buy_again() %}{{ return(var('dovecote_recommendation_repeat_days')) }}{% endmacro %}


{# The columns that tell baskets apart. #}
{% macro basket_key() -%}
    {%- if dovecote.basket_days() -%}
        customer_id, floor({{ dovecote.days_between("date '1990-01-01'", "order_date") }} / {{ dovecote.basket_days() }})
    {%- else -%}
        order_id
    {%- endif -%}
{%- endmacro %}
