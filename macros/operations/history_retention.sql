{#
    After a green build: what other runs left in history goes, and what dovecote_history_kept_dates no longer keeps.
    A build that is not green clears nothing, so it takes nothing from an earlier one. Alerts stay for good: the
    cooldown and the outcomes rest on whom any green build alerted.
#}
{% macro clear_history() %}
    {%- if execute and flags.WHICH == 'build' -%}
        {%- set builds = dovecote.builds_relation() -%}
        {%- if run_query("select 1 from " ~ builds ~ " where is_green and run_id = '" ~ dovecote.this_run_id() ~ "'").rows -%}
            {%- for model in graph.nodes.values() if model.resource_type == 'model' and model.fqn[:2] == ['dovecote', 'history'] -%}
                {%- set history = api.Relation.create(database=model.database, schema=model.schema, identifier=model.alias) -%}
                {%- set kept_dates = none if model.name == 'hist_churn_alerts' else var('dovecote_history_kept_dates') -%}
                {%- do dovecote.delete_rows(history, "run_id not in (" ~ dovecote.kept_runs(builds, kept_dates) ~ ")") -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#
    The runs whose rows history keeps, as a query of run_id: every green one, or with a number of dates the latest green
    one of each of the last as_of_dates, and of the last as_of_date of each month.
#}
{% macro kept_runs(builds, kept_dates) %}
    {%- if kept_dates is none %}
    select run_id
    from {{ builds }}
    where is_green
    {%- else %}
    select run_id
    from ({{ dovecote.green_runs(builds) }}) as green_runs
    qualify
        row_number() over (order by as_of_date desc) <= {{ kept_dates }}
        or row_number() over (
            partition by {{ dovecote.period_start("month", "as_of_date") }} order by as_of_date desc
        ) = 1
    {%- endif %}
{% endmacro %}
