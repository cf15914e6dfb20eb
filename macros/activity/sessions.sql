{# The steps on the way to a purchase, in their order. #}
{% macro session_steps() %}
    {{ return(['view', 'search', 'cart_add', 'checkout', 'purchase']) }}
{% endmacro %}


{# The steps of the funnel: searching is a way through the shop, not a stage of it. #}
{% macro funnel_steps() %}
    {{ return(['view', 'cart_add', 'checkout', 'purchase']) }}
{% endmacro %}
