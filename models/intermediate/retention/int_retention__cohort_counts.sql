{{ config(
    materialized="summed_table",
    sum_keys=dovecote.retention_choices() | list
    + dovecote.person_attributes() + ["cohort_start", "entry_hour", "period_index"]
) }}
{#- what a combination may read, for dbt to know -#}
{%- set relations = [
    ref("dovecote", "int_activity__person_days"),
    ref("dovecote", "int_activity__person_periods"),
    ref("dovecote", "int_core__purchases"),
    ref("dovecote", "int_retention__person_attributes"),
] %}

{% for combination in dovecote.retention_combinations() %}
{{ "union all" if not loop.first }}
{{ dovecote.retention_counts(
    combination.activity, combination.entry, combination.return_rule, combination.clock, combination.grain,
    combination.get("breakdowns", ["none"])
) }}
{% endfor %}
