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
        cutoff_date as settings_date,
        {%- for name in dovecote.list_settings() %}
        max(case when setting_name = '{{ name }}' then setting_value end) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from chosen
    group by cutoff_date

),

final as (

    select
        cutoffs.cutoff_date,
        cutoffs.settings_date,
        {%- for name in dovecote.list_settings() %}
        settings.{{ name }},
        {%- endfor %}
        cutoffs.is_as_of
    from cutoffs
    inner join settings
        on cutoffs.settings_date = settings.settings_date

)

select * from final
