{% macro retention_choices() %}
    {{ return({
        'activity': ['order', 'visit'],
        'entry': ['recurring', 'first_time', 'first_ever'],
        'return_rule': ['on', 'on_or_after'],
        'clock': ['calendar', 'rolling_24h'],
        'grain': ['day', 'week', 'month'],
    }) }}
{% endmacro %}

{% macro retention_breakdowns() %}
    {{ return(['none', 'acquisition_channel', 'country', 'first_order_channel', 'first_product_category']) }}
{% endmacro %}
