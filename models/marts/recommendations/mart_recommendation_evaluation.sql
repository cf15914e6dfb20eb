{% set measures = [
    "ndcg", "recall", "precision", "mrr", "map", "hit_rate", "auc", "coverage", "novelty", "served_share"
] -%}

with

evaluation as (

    select * from {{ ref("dovecote", "ml_recommendations__evaluation") }}

),

final as (

    select
        cast(method_name as string) as method_name,
        cast(task as string) as task,
        cast(cutoff_date as date) as cutoff_date,
        cast(k as integer) as k,
        cast(customers as bigint) as customers,
        {%- for name in measures %}
        cast({{ name }} as double) as {{ name }},
        {%- endfor %}
        {%- for baseline in ["windowed_popularity", "published"] %}
        cast(ndcg_over_{{ baseline }} as double) as ndcg_over_{{ baseline }},
        cast(ndcg_over_{{ baseline }}_low as double) as ndcg_over_{{ baseline }}_low,
        cast(ndcg_over_{{ baseline }}_high as double) as ndcg_over_{{ baseline }}_high,
        {%- endfor %}
        method_name = 'published' as is_published
    from evaluation

)

select * from final
