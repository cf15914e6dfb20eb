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
        count(*) filter (where row_status = 'accepted') as accepted,
        count(*) filter (where row_status = 'duplicate') as duplicates,
        count(*) filter (where row_status = 'quarantined') as quarantined,
        count(*) filter (where row_status = 'after_as_of') as after_as_of,
        count(*) filter (where row_status = 'forgotten') as forgotten
    from {{ ref("dovecote", "base_" ~ entity) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

final as (

    select
        cast(judged.entity as string) as entity,
        cast(coalesce(counted.physical_rows, 0) - continuation_lines.lines as bigint) as rows_in,
        cast(judged.accepted as bigint) as accepted,
        cast(judged.duplicates as bigint) as duplicates,
        cast(judged.quarantined as bigint) as quarantined,
        cast(judged.after_as_of as bigint) as after_as_of,
        cast(judged.forgotten as bigint) as forgotten,
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
