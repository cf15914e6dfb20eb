with

lines as (

    select * from {{ ref("complete_journey_lines") }}

),

demographics as (

    select * from {{ source("dunnhumby", "demographics") }}

),

households as (

    select household_id from lines

    union

    select cast(household_id as varchar) as household_id from demographics

),

final as (

    select
        households.household_id as customer_id,
        demographics.age as x_age_band,
        demographics.income as x_income_band,
        demographics.home_ownership as x_home_ownership,
        demographics.marital_status as x_marital_status,
        demographics.household_size as x_household_size,
        demographics.household_comp as x_household_composition,
        demographics.kids_count as x_kids_count
    from households
    left join demographics
        on households.household_id = cast(demographics.household_id as varchar)

)

select * from final
