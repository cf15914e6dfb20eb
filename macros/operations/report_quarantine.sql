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
            {%- set most_frequent -%}
                select
                    entity,
                    example
                from (
                    select
                        entity,
                        reasons,
                        count(*) as rows_with_reasons,
                        reasons || ', as in ' || concat_ws(
                            ' ', min_by(source_name, quarantine_number), min_by(source_position, quarantine_number)
                        ) as example
                    from {{ quarantine }}
                    group by entity, reasons
                ) as counted
                qualify row_number() over (partition by entity order by rows_with_reasons desc, reasons) = 1
            {%- endset -%}
            {%- for row in run_query(
                "select reconciliation.entity, quarantined, rows_in, example from " ~ reconciliation ~ " as reconciliation"
                ~ " inner join (" ~ most_frequent ~ ") as examples on reconciliation.entity = examples.entity"
                ~ " where quarantined_share > " ~ var('dovecote_max_quarantine_share') ~ " order by reconciliation.entity"
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
