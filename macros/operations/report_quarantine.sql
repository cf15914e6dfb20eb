{#
    After a build: one sentence for each entity of which too much was quarantined, with the most frequent reason and
    where it was met first.
#}
{% macro report_quarantine() %}
    {%- set relations = [ref('dovecote', 'mart_input_reconciliation'), ref('dovecote', 'mart_quarantine')] -%}
    {%- if dovecote.is_recorded() -%}
        {%- set reconciliation = load_relation(relations[0]) -%}
        {%- set quarantine = load_relation(relations[1]) -%}
        {%- if reconciliation is not none and quarantine is not none -%}
            {%- for row in run_query(
                "select entity, quarantined, rows_in, (select reasons || ', as in ' || concat_ws(' ', min_by(source_name, "
                ~ "quarantine_number), min_by(source_position, quarantine_number)) from " ~ quarantine ~ " as quarantine "
                ~ "where quarantine.entity = reconciliation.entity group by reasons order by count(*) desc, reasons limit 1) "
                ~ "from " ~ reconciliation ~ " as reconciliation "
                ~ "where quarantined_share > " ~ var('dovecote_max_quarantine_share') ~ " order by entity"
            ).rows -%}
                {%- do print(
                    "Dovecote: " ~ row[1] ~ " of " ~ row[2] ~ " rows of " ~ row[0] ~ " are quarantined, most for "
                    ~ row[3] ~ ": see " ~ quarantine.schema ~ ".mart_quarantine, mend the input, and build again; the marts "
                    ~ "keep what they held. (The README lists what is read; the limit is dovecote_max_quarantine_share, now "
                    ~ var('dovecote_max_quarantine_share') ~ ".)"
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
