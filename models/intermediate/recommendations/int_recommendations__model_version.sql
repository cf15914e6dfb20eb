-- A name for what made the lists, as int_churn__model_versions has one for scores.
with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

inputs as (

    select {{ dovecote.all_fingerprints() }} as input_fingerprint
    from {{ ref("dovecote", "int_core__input_fingerprints") }}

),

methods as (

    select max(similarities.method_name) as model_name
    from {{ ref("dovecote", "ml_recommendations__similarities") }} as similarities
    inner join run
        on similarities.cutoff_date = run.as_of_date
    where similarities.use_name = 'scoring'

),

final as (

    select
        coalesce('frequency_and_' || methods.model_name, 'popularity') as model_name,
        inputs.input_fingerprint,
        {{ dovecote.model_version(
            ["inputs.input_fingerprint", "run.as_of", "coalesce(methods.model_name, '')"],
            dovecote.settings_of(["dovecote_recommendation"]),
        ) }} as model_version
    from methods
    cross join inputs
    cross join run

)

select * from final
