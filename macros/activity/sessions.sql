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


{# An instant, before which what lies parts from what is at another one into two sessions. #}
{% macro session_gap_before(instant) -%}
    {{ instant }} - interval {{ (60 * var("dovecote_session_gap_minutes")) | round(0, "ceil") | int }} second
{%- endmacro %}


{# Whether what has an instant is of the part of a visit `found` that may be another one. #}
{% macro is_changed_in_visit(row, instant) -%}
    {{ row }}.person_id = found.person_id
    and {{ row }}.session_id is not distinct from found.session_id
    and {{ row }}.{{ instant }} >= found.changed_from
{%- endmacro %}

{# Events as a model of sessions reads them: all, or for a slice those that may be in other sessions than before. #}
{% macro events_in_changed_visits(events) -%}
    {%- set changed_visits = ref("dovecote", "int_activity__changed_visits") -%}
    {%- if dovecote.is_slice() -%}
    {%- set first_change = run_query("select cast(min(changed_from) as string) from " ~ changed_visits).rows[0][0] or "9999-12-31" -%}
    (
        select events.*
        from {{ events }} as events
        inner join {{ changed_visits }} as found
            on {{ dovecote.is_changed_in_visit("events", "occurred_at") }}
        {#- DuckDB skips row groups that lie before a literal #}
        where events.occurred_at >= timestamp '{{ first_change }}'
    )
    {%- else -%}
    {{ events }}
    {%- endif -%}
{%- endmacro %}


{# The key of a session, from the id of its first event. #}
{% macro session_key(first_event_id) -%}
    md5({{ first_event_id }})
{%- endmacro %}
