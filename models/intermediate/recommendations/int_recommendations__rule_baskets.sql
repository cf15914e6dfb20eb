-- What was bought together: in one order, or by one customer within some days.

with

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__known_purchases") }}
    where is_as_of

),

final as (

    select distinct
        {% if dovecote.basket_days() -%}
        dense_rank() over (
            order by
                customer_number,
                floor({{ dovecote.days_between("date '1990-01-01'", "order_date") }} / {{ dovecote.basket_days() }})
        ) as basket_number,
        {%- else -%}
        basket_number,
        {%- endif %}
        product_number
    from purchases

)

select * from final
