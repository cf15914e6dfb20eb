-- What stands behind the model_version of lists.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

settings as (

    select * from {{ ref("dovecote", "int_recommendations__settings") }}
    where is_as_of

),

buyers as (

    select count(distinct basket_counts.customer_number) as training_customers
    from {{ ref("dovecote", "int_recommendations__basket_counts") }} as basket_counts
    inner join run
        on basket_counts.cutoff_date = run.as_of_date

),

-- The settings are chosen one after the other, so the grades of the last are those of all.
choices as (

    select
        max(choices.validation_customers) as validation_customers,
        max(choices.blend_ndcg) as validation_ndcg_all,
        max(choices.discover_ndcg) as validation_ndcg_new
    from {{ ref("dovecote", "ml_recommendations__setting_choices") }} as choices
    inner join run
        on choices.cutoff_date = run.as_of_date
    where choices.is_chosen and choices.setting_name = 'similar_weight'

),

list_grades as (

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
        versions.model_version,
        'recommendations' as domain,
        versions.model_name,
        cast(null as string) as activity,
        cast(null as integer) as horizon_days,
        buyers.training_customers,
        {{ dovecote.columns_as_json([
            "settings.ease_lambda", "settings.half_life_days", "settings.trend_half_life_days", "settings.trend_prior",
            "settings.popularity_days", "settings.repeat_power", "settings.similar_weight",
            "settings.blend_trend_power", "settings.discover_trend_power",
        ]) }} as parameters,
        {{ dovecote.columns_as_json([
            "choices.validation_customers", "choices.validation_ndcg_all", "choices.validation_ndcg_new",
            "list_grades.past_cutoffs", "list_grades.ndcg_all", "list_grades.ndcg_new", "list_grades.ndcg_item_page",
        ]) }} as metrics,
        versions.input_fingerprint
    from {{ ref("dovecote", "int_recommendations__model_version") }} as versions
    cross join settings
    cross join buyers
    cross join choices
    cross join list_grades
    where versions.model_name is not null

)

select * from final
