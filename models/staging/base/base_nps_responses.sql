{{ config(materialized="sliced_table", slice_key="response_id", slice_where=dovecote.was_candidate()) }}

with

typed as {{ dovecote.not_materialized() }} (
    {{ dovecote.typed_rows("nps_responses") }}
),

checked as {{ dovecote.not_materialized() }} (

    select
        *,
        case
            when reasons = '' and invited_at is null and responded_at is null
                then 'missing_value(invited_at, responded_at)'
        end as undated_reason
    from typed

),

{{ dovecote.judged_rows("checked", "nps_responses", more_reasons="undated_reason") }}

select * from judged
