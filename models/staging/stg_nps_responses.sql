-- An answer given after as_of had not come yet: its invitation stands without one.
with

accepted as (

    select * from {{ ref("dovecote", "base_nps_responses") }}
    where row_status = 'accepted'

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        accepted.response_id,
        accepted.customer_id,
        case when accepted.responded_at is null or accepted.responded_at < run.as_of then accepted.score end as score,
        case when accepted.responded_at is null or accepted.responded_at < run.as_of then accepted.comment end as comment,
        accepted.invited_at,
        case when accepted.responded_at < run.as_of then accepted.responded_at end as responded_at
    from accepted
    cross join run

)

select * from final
