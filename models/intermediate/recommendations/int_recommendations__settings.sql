-- The settings of each cut-off: those chosen on the days before settings_date.
with

cutoffs as (

    select * from {{ ref("dovecote", "int_recommendations__cutoffs") }}

),

chosen as (

    select * from {{ ref("dovecote", "ml_recommendations__setting_choices") }}
    where is_chosen

),

settings as (

    select
        {%- for name in dovecote.list_settings() %}
        max(case when setting_name = '{{ name }}' then setting_value end) as {{ name }},
        {%- endfor %}
        cutoff_date as settings_date
    from chosen
    group by cutoff_date

),

final as (

    select
        cutoffs.cutoff_date,
        cutoffs.is_as_of,
        settings.*
    from cutoffs
    inner join settings
        on cutoffs.settings_date = settings.settings_date

)

select * from final
