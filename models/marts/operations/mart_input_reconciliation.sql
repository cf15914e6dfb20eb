-- rows_in is counted from the input itself, apart from the reader of records: for text files from their
-- physical lines, less the lines that a quoted line break adds to a record.
{% set entities = dovecote.input_entities() -%}

with

counted as (

    select
        entity,
        sum(physical_rows) as physical_rows
    from {{ ref("dovecote", "raw_input_files") }}
    group by entity

),

continuation_lines as (
    {% for entity in entities %}
    select
        '{{ entity }}' as entity,
        coalesce(sum(line_count - 1), 0) as lines
    from {{ ref("dovecote", "raw_" ~ entity) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

judged as (
    {% for entity in entities %}
    select
        '{{ entity }}' as entity,
        {{ dovecote.amount_of("rows_accepted") }} as accepted,
        {{ dovecote.amount_of("rows_duplicate") }} as duplicates,
        {{ dovecote.amount_of("rows_quarantined") }} as quarantined,
        {{ dovecote.amount_of("rows_after_as_of") }} as after_as_of,
        {{ dovecote.amount_of("rows_forgotten") }} as forgotten
    from {{ ref("dovecote", "int_core__input_counts") }}
    where entity = '{{ entity }}'
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

final as (

    select
        cast(judged.entity as string) as entity,
        cast(coalesce(counted.physical_rows, 0) - continuation_lines.lines as bigint) as rows_in,
        judged.accepted,
        judged.duplicates,
        judged.quarantined,
        judged.after_as_of,
        judged.forgotten,
        coalesce(
            {{ dovecote.ratio(
                "judged.quarantined",
                "judged.accepted + judged.duplicates + judged.quarantined + judged.after_as_of + judged.forgotten"
            ) }},
            0
        ) as quarantined_share
    from judged
    inner join continuation_lines
        on judged.entity = continuation_lines.entity
    left join counted
        on judged.entity = counted.entity

)

select * from final
