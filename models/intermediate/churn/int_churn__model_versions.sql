-- A name for what made the scores: the inputs row by row, the settings and the version of the code. Fitted numbers
-- are not in it, as their last digits may differ between machines.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

choices as (

    select * from {{ ref("dovecote", "int_churn__model_choice") }}

),

inputs as (

    select {{ dovecote.all_fingerprints() }} as input_fingerprint
    from {{ ref("dovecote", "int_core__input_fingerprints") }}

),

final as (

    select
        choices.activity,
        choices.horizon_days,
        choices.model_name,
        inputs.input_fingerprint,
        {{ dovecote.model_version([
            "inputs.input_fingerprint",
            "run.as_of",
            "choices.activity",
            "choices.horizon_days",
            "coalesce(choices.model_name, '')",
        ], dovecote.settings_of(["dovecote_churn_"])) }} as model_version
    from choices
    cross join inputs
    cross join run

)

select * from final
