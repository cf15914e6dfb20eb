{{ config(
    materialized="sliced_table", slice_key="person_id", slice_of="int_core__changed_people"
) }}
{%- do ref("dovecote", "int_core__changed_people") %}

-- What every person who did anything can be told apart by, whichever cohort the person enters.
with

persons as (

    select distinct person_id
    from {{ dovecote.made_rows("int_activity__person_days") }}
    where previous_activity_date is null

),

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}

),

first_purchases as (

    select * from {{ dovecote.made_rows("int_core__purchases") }}
    where order_number = 1

),

order_items as (

    select * from {{ ref("dovecote", "int_core__order_items") }}
    where category is not null

),

first_categories as (

    select
        first_purchases.customer_id,
        {{ dovecote.first_by("order_items.category", ["order_items.product_id"]) }} as category
    from first_purchases
    inner join order_items
        on first_purchases.order_id = order_items.order_id
    group by first_purchases.customer_id

),

final as (

    select
        persons.person_id,
        coalesce(customers.acquisition_channel, 'unknown') as acquisition_channel,
        coalesce(customers.country, 'unknown') as country,
        coalesce(first_purchases.channel, 'unknown') as first_order_channel,
        coalesce(first_categories.category, 'unknown') as first_product_category
    from persons
    left join customers
        on persons.person_id = customers.customer_id
    left join first_purchases
        on persons.person_id = first_purchases.customer_id
    left join first_categories
        on persons.person_id = first_categories.customer_id

)

select * from final
