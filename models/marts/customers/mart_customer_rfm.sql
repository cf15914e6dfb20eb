with

rfm_values as (

    select * from {{ ref("dovecote", "int_customers__rfm_values") }}

),

cut_points as (

    select * from {{ ref("dovecote", "mart_rfm_cut_points") }}

),

segments as (

    select * from {{ ref("dovecote", "int_customers__rfm_segments") }}

),

scored as (

    select
        customer_id,
        recency_days,
        frequency,
        monetary,
        {{ dovecote.cut_points_below("recency_days", "rfm_values.recency_days") | indent(8) }} as recency_days_above,
        {{ dovecote.cut_points_below("frequency", "rfm_values.frequency") | indent(8) }} as frequency_above,
        {{ dovecote.cut_points_below("monetary", "rfm_values.monetary") | indent(8) }} as monetary_above
    from rfm_values

),

final as (

    select
        scored.customer_id,
        scored.recency_days,
        cast(scored.frequency as bigint) as frequency,
        scored.monetary,
        cast(5 - scored.recency_days_above as integer) as r_score,
        cast(1 + scored.frequency_above as integer) as f_score,
        cast(1 + scored.monetary_above as integer) as m_score,
        cast(segments.rfm_segment as string) as rfm_segment
    from scored
    left join segments
        on
            5 - scored.recency_days_above = segments.r_score
            and 1 + scored.frequency_above = segments.f_score

)

select * from final
