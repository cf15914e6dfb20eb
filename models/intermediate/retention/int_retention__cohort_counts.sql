{{ config(
    materialized="summed_table",
    sum_keys=dovecote.retention_choices() | list
    + dovecote.person_attributes() + ["cohort_start", "entry_hour", "period_index"]
) }}
{%- set person_attributes = ref("dovecote", "int_retention__person_attributes") %}
{%- set person_hours = ref("dovecote", "int_activity__person_hours") %}
{%- set purchases = ref("dovecote", "int_core__purchases") %}

{% for combination in dovecote.retention_combinations() %}
{{ "union all" if not loop.first }}
{{ dovecote.retention_counts(
    combination.activity, combination.entry, combination.return_rule, combination.clock, combination.grain,
    combination.get("breakdowns", ["none"])
) }}
{% endfor %}
