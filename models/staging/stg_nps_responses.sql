-- An answer given after as_of had not come yet: its invitation stands without one.
with

accepted as (

    select * from {{ ref("dovecote", "base_nps_responses") }}
    where row_status = 'accepted'

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

known as (

    select
        accepted.*,
        coalesce(accepted.responded_at >= run.as_of, false) as is_answered_later
    from accepted
    cross join run

),

final as (

    select
        response_id,
        customer_id,
        case when not is_answered_later then score end as score,
        case when not is_answered_later then comment end as comment,
        invited_at,
        case when not is_answered_later then responded_at end as responded_at
    from known

)

select * from final
