-- What stands behind the model_version of lists, and behind the lists of the past that were graded.
{% set parameters = [] -%}
{% for name in dovecote.list_settings() -%}
{% do parameters.append("settings." ~ name) -%}
{% endfor -%}

with

versions as (

    select * from {{ ref("dovecote", "int_recommendations__model_version") }}

),

settings as (

    select * from {{ ref("dovecote", "int_recommendations__settings") }}
    where cutoff_date = settings_date

),

buyers as (

    select
        cutoff_date,
        count(distinct customer_number) as training_customers
    from {{ ref("dovecote", "int_recommendations__basket_counts") }}
    group by cutoff_date

),

-- The settings are chosen one after the other, so the grades of the last are those of all.
choices as (

    select
        cutoff_date,
        validation_customers,
        blend_ndcg as validation_ndcg_all,
        discover_ndcg as validation_ndcg_new
    from {{ ref("dovecote", "ml_recommendations__setting_choices") }}
    where is_chosen and setting_name = 'similar_weight'

),

grades as (

    select
        count(distinct cutoff_date) as past_cutoffs,
        avg(case when task = 'all' then ndcg end) as ndcg_all,
        avg(case when task = 'new' then ndcg end) as ndcg_new,
        avg(case when task = 'item_page' then ndcg end) as ndcg_item_page
    from {{ ref("dovecote", "ml_recommendations__evaluation") }}
    where method_name = 'published' and k = 10

),

final as (

    select
        case
            when settings.is_as_of then versions.model_version
            else md5(versions.model_version || '|' || settings.cutoff_date)
        end as model_version,
        'recommendations' as domain,
        settings.is_as_of as is_published,
        versions.model_name,
        cast(null as string) as activity,
        cast(null as integer) as horizon_days,
        settings.cutoff_date as trained_to_date,
        coalesce(buyers.training_customers, 0) as training_customers,
        {{ dovecote.columns_as_json(parameters) }} as parameters,
        {{ dovecote.columns_as_json([
            "choices.validation_customers", "choices.validation_ndcg_all", "choices.validation_ndcg_new",
            "grades.past_cutoffs", "grades.ndcg_all", "grades.ndcg_new", "grades.ndcg_item_page",
        ]) }} as metrics,
        versions.input_fingerprint
    from settings
    cross join versions
    cross join grades
    left join buyers
        on settings.cutoff_date = buyers.cutoff_date
    left join choices
        on settings.cutoff_date = choices.cutoff_date

)

select * from final
