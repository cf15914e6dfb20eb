with

rfm_values as (

    select * from {{ ref("dovecote", "int_customers__rfm_values") }}

),

final as (
    {% for measure in ["recency_days", "frequency", "monetary"] %}
    {%- set measure_loop = loop %}
    {%- for share in dovecote.rfm_shares() %}
    select
        '{{ measure }}' as measure,
        cast({{ loop.index }} as integer) as cut_point_number,
        cast({{ share }} as double) as share_of_customers,
        cast({{ dovecote.percentile_disc(measure, share) }} as decimal(38, 4)) as cut_point
    from rfm_values
    having count(*) > 0
    {{ "union all" if not (loop.last and measure_loop.last) }}
    {%- endfor %}
    {%- endfor %}

)

select * from final
