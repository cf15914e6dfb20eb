{% set repeat_windows = [30, 60, 90] -%}

with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

first_purchases as (

    select * from purchases
    where order_number = 1

),

second_purchases as (

    select * from purchases
    where order_number = 2

),

final as (

    select
        first_purchases.customer_id,
        first_purchases.ordered_at as first_ordered_at,
        first_purchases.order_date as first_order_date,
        second_purchases.ordered_at as second_ordered_at,
        second_purchases.order_date as second_order_date,
        {%- for days in repeat_windows %}
        case
            when {{ dovecote.instant_plus_hours("first_purchases.ordered_at", 24 * days) }} <= run.as_of
                then coalesce(
                    second_purchases.ordered_at
                    < {{ dovecote.instant_plus_hours("first_purchases.ordered_at", 24 * days) }},
                    false
                )
        end as is_repeated_{{ days }}d,
        {%- endfor %}
        second_purchases.customer_id is not null as is_repeated
    from first_purchases
    cross join run
    left join second_purchases
        on first_purchases.customer_id = second_purchases.customer_id

)

select * from final
