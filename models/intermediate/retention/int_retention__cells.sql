{% for combination in dovecote.retention_combinations() %}
{{ "union all" if not loop.first }}
{{ dovecote.retention_cells(
    combination.activity, combination.entry, combination.return_rule, combination.clock, combination.grain,
    combination.get("breakdowns", ["none"])
) }}
{% endfor %}
