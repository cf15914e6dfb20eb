-- The days as of which lists are made: as_of, and past days whose outcome is known, to be graded. Settings are chosen
-- on the days before a cut-off, once for as_of and once, before the earliest of them, for all past ones.
{% set days = dovecote.recommendation_evaluation_days() -%}

with

run as (

    select
        as_of_date,
        {{ dovecote.last_whole_date() | indent(8) }} as last_whole_date
    from {{ ref("dovecote", "int_core__run") }}

),

-- A stray order of long ago is no history: it begins when a hundredth of the purchases had been made.
history as (

    select {{ dovecote.percentile_date("order_date", 0.01) }} as first_date
    from {{ ref("dovecote", "int_recommendations__purchases") }}

),

numbers as (

    select {{ dovecote.integers_from_to(1, dovecote.recommendation_evaluation_cutoffs()) }} as number

),

past_cutoffs as (

    select {{ dovecote.date_plus_days("run.last_whole_date", "- numbers.number * " ~ days) }} as cutoff_date
    from numbers
    cross join run

),

cutoffs as (

    select
        past_cutoffs.cutoff_date,
        false as is_as_of,
        min(past_cutoffs.cutoff_date) over () as settings_date
    from past_cutoffs
    cross join history
    where {{ dovecote.days_between("history.first_date", "past_cutoffs.cutoff_date") }} >= 2 * {{ days }}

    union all

    select
        as_of_date as cutoff_date,
        true as is_as_of,
        as_of_date as settings_date
    from run

),

final as (

    select
        cutoff_date,
        is_as_of,
        settings_date,
        {{ dovecote.date_plus_days("cutoff_date", days) }} as window_end_date
    from cutoffs

)

select * from final
