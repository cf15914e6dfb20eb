with

cells as (

    select * from {{ ref("dovecote", "int_retention__cells") }}

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        cells.entry,
        cells.return_rule,
        cells.clock,
        cells.grain,
        cells.activity,
        cells.breakdown,
        cells.breakdown_value,
        cells.cohort_start,
        cells.period_index,
        cast(cells.cohort_size as bigint) as cohort_size,
        cast(cells.n_mature as bigint) as n_mature,
        cast(cells.n_retained as bigint) as n_retained,
        {{ dovecote.ratio("cells.n_retained", "cells.n_mature") }} as retention_rate,
        {%- for side in ["low", "high"] %}
        {{ dovecote.wilson_bound(side, "cells.n_retained", "nullif(cells.n_mature, 0)") }} as ci_{{ side }},
        {%- endfor %}
        cast(cells.orders as bigint) as orders,
        cast(cells.net_revenue as decimal(38, 4)) as net_revenue,
        run.as_of
    from cells
    cross join run

)

select * from final
