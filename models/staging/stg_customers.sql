with

accepted as (

    select * from {{ ref("dovecote", "base_customers") }}
    where row_status = 'accepted'

),

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

final as (

    select
        accepted.customer_id,
        accepted.created_at,
        accepted.acquisition_channel,
        accepted.country,
        accepted.city,
        accepted.birth_year,
        accepted.gender,
        accepted.interests,
        accepted.loyalty_tier,
        accepted.email_consent,
        accepted.sms_consent,
        accepted.push_consent,
        case when accepted.closed_at < run.as_of then accepted.closed_at end as closed_at,
        case
            when accepted.closed_at is null or accepted.closed_at < run.as_of then accepted.closed_reason
        end as closed_reason,
        accepted.x_columns
    from accepted
    cross join run

)

select * from final
