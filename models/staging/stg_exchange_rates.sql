with

accepted as (

    select * from {{ ref("dovecote", "base_exchange_rates") }}
    where row_status = 'accepted'

),

final as (

    select
        currency,
        rate_to_reporting,
        rate_date as valid_from,
        coalesce(
            lead(rate_date) over (partition by currency order by rate_date),
            date '9999-12-31'
        ) as valid_to
    from accepted

)

select * from final
