{{ config(
    materialized="summed_table",
    sum_keys=dovecote.retention_choices() | list
    + dovecote.person_attributes() + ["cohort_start", "entry_hour", "period_index"],
    sums_people={
        "int_activity__person_days": ["int_retention__changed_attributes", "int_core__changed_people"],
        "int_activity__person_periods": ["int_retention__changed_attributes", "int_core__changed_people"],
        "int_core__purchases": ["int_core__changed_people"],
        "int_retention__person_attributes": ["int_core__changed_people"],
    }
) }}
{#- what a combination may read, for dbt to know -#}
{%- set relations = [
    ref("dovecote", "int_activity__person_days"),
    ref("dovecote", "int_activity__person_periods"),
    ref("dovecote", "int_core__purchases"),
    ref("dovecote", "int_retention__person_attributes"),
    ref("dovecote", "int_retention__changed_attributes"),
    ref("dovecote", "int_core__changed_people"),
] %}

{% for combination in dovecote.retention_combinations() %}
{{ "union all" if not loop.first }}
{{ dovecote.retention_counts(
    combination.activity, combination.entry, combination.return_rule, combination.clock, combination.grain,
    combination.get("breakdowns", ["none"])
) }}
{% endfor %}
