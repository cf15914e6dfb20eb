{% set measures = [
    "ndcg", "recall", "precision", "mrr", "map", "hit_rate", "auc", "coverage", "novelty", "served_share"
] -%}

with

evaluation as (

    select * from {{ ref("dovecote", "ml_recommendations__evaluation") }}

),

final as (

    select
        cast(evaluation.method_name as string) as method_name,
        cast(evaluation.task as string) as task,
        cast(evaluation.cutoff_date as date) as cutoff_date,
        cast(evaluation.k as integer) as k,
        cast(evaluation.customers as bigint) as customers,
        {%- for name in measures %}
        cast(evaluation.{{ name }} as double) as {{ name }},
        {%- endfor %}
        {%- for baseline in ["windowed_popularity", "published"] %}
        cast(evaluation.ndcg_over_{{ baseline }} as double) as ndcg_over_{{ baseline }},
        cast(evaluation.ndcg_over_{{ baseline }}_low as double) as ndcg_over_{{ baseline }}_low,
        cast(evaluation.ndcg_over_{{ baseline }}_high as double) as ndcg_over_{{ baseline }}_high,
        {%- endfor %}
        evaluation.method_name = 'published' as is_published
    from evaluation

)

select * from final
