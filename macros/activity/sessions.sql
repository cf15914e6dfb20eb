{# The steps on the way to a purchase, in their order. #}
{% macro session_steps() %}
    {{ return(['view', 'search', 'cart_add', 'checkout', 'purchase']) }}
{% endmacro %}


{# The steps of the funnel: searching is a way through the shop, not a stage of it. #}
{% macro funnel_steps() %}
    {{ return(['view', 'cart_add', 'checkout', 'purchase']) }}
{% endmacro %}


{# Whether a session passed every step of the funnel up to one, each not earlier than the one before. #}
{% macro has_funnel_up_to(step) -%}
    {%- set steps = dovecote.funnel_steps() -%}
    {%- set conditions = ["has_" ~ steps[0]] -%}
    {%- for position in range(1, steps.index(step) + 1) -%}
        {%- do conditions.append(steps[position] ~ "_at >= " ~ steps[position - 1] ~ "_at") -%}
    {%- endfor -%}
    {{ conditions | join(" and ") }}
{%- endmacro %}


{# The key of a session, from the id of its first event. #}
{% macro session_key(first_event_id) -%}
    md5({{ first_event_id }})
{%- endmacro %}
