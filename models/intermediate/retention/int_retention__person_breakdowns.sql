-- One value of every breakdown for every person, whichever cohort the person enters.
with

persons as (

    select distinct person_id
    from {{ ref("dovecote", "int_activity__person_days") }}

),

customers as (

    select * from {{ ref("dovecote", "int_core__customers") }}

),

first_purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}
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

valued as (

    select
        persons.person_id,
        customers.acquisition_channel,
        customers.country,
        coalesce(customers.acquisition_channel, 'unknown')
        || ', ' || coalesce(customers.country, 'unknown') as acquisition_channel_and_country,
        first_purchases.channel as first_order_channel,
        first_categories.category as first_product_category
    from persons
    left join customers
        on persons.person_id = customers.customer_id
    left join first_purchases
        on persons.person_id = first_purchases.customer_id
    left join first_categories
        on persons.person_id = first_categories.customer_id

),

final as (
    {% for breakdown in dovecote.retention_breakdowns() %}
    select
        person_id,
        '{{ breakdown }}' as breakdown,
        {{ "'all'" if breakdown == "none" else "coalesce(" ~ breakdown ~ ", 'unknown')" }} as breakdown_value
    from valued
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select * from final
