{{ config(materialized="view") }}
{#- a view: a dozen names -#}

with

final as (
    {% for feature in dovecote.churn_features() %}
    select
        '{{ feature.name }}' as feature_name,
        '{{ feature.group }}' as feature_group,
        {{ loop.index }} as feature_number
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select * from final
