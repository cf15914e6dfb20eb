{#
    Definitions that a shop may see differently. To replace one that is dispatched, define a macro of its name with
    the prefix default__ in your own project: dbt looks there before it looks here. (Where a dispatch entry for
    dovecote lists packages, put your project before dovecote in it.) Relations are replaced by their vars.
#}

{# The relation that says which order statuses count as a purchase: status, counts_as_purchase. #}
{% macro order_status_policy() %}
    {%- set name = var('dovecote_order_status_policy') -%}
    {{- return(ref(project_name, name) if name else ref('dovecote', 'order_status_policy')) -}}
{% endmacro %}


{# The relation that translates the shop's event types: event_type, canonical_type. #}
{% macro event_vocabulary() %}
    {%- set name = var('dovecote_event_vocabulary') -%}
    {{- return(ref(project_name, name) if name else ref('dovecote', 'event_vocabulary')) -}}
{% endmacro %}


{# Net revenue of an order: what stays of the merchandise after discount and refund. #}
{% macro net_amount(gross_amount, discount_amount, refund_amount) -%}
    {{ adapter.dispatch('net_amount', 'dovecote')(gross_amount, discount_amount, refund_amount) }}
{%- endmacro %}

{% macro default__net_amount(gross_amount, discount_amount, refund_amount) -%}
    ({{ gross_amount }} - {{ discount_amount }} - {{ refund_amount }})
{%- endmacro %}


{# Whether a session was more than a glance. #}
{% macro is_engaged_session(views, duration_seconds, has_purchase) -%}
    {{ adapter.dispatch('is_engaged_session', 'dovecote')(views, duration_seconds, has_purchase) }}
{%- endmacro %}

{% macro default__is_engaged_session(views, duration_seconds, has_purchase) -%}
    ({{ views }} >= 2 or {{ duration_seconds }} >= 10 or {{ has_purchase }})
{%- endmacro %}
