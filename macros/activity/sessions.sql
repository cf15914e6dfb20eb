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


{# Whether a session `sliced` may be another one, as an event of the visit `found` has come or gone. #}
{% macro is_changed_session() -%}
    sliced.person_id = found.person_id
    and sliced.session_id is not distinct from found.session_id
    and sliced.ended_at >= found.sessions_changed_from
{%- endmacro %}


{# The events of which a build makes sessions, as a relation: all, or of a slice those of sessions that it makes anew. #}
{% macro events_of_made_sessions(events, changed_visits) -%}
    {%- if dovecote.is_slice() -%}
    (
        select events.*
        from {{ events }} as events
        inner join (
            select
                found.person_id,
                found.session_id,
                least(found.changed_at, min(sliced.started_at)) as changed_from
            from {{ changed_visits }} as found
            left join {{ this }} as sliced
                on {{ dovecote.is_changed_session() }}
            group by found.person_id, found.session_id, found.changed_at
        ) as changed
            on
                events.person_id = changed.person_id
                and events.session_id is not distinct from changed.session_id
                and events.occurred_at >= changed.changed_from
    ) as made_events
    {%- else -%}
    {{ events }}
    {%- endif -%}
{%- endmacro %}


{# The key of a session, from the id of its first event. #}
{% macro session_key(first_event_id) -%}
    md5({{ first_event_id }})
{%- endmacro %}
