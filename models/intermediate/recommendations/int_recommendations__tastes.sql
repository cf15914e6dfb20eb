-- What recipients are like, beside what they own.
with

recipients as (

    select * from {{ ref("dovecote", "int_recommendations__recipients") }}

),

owned as (

    select * from {{ ref("dovecote", "int_recommendations__owned") }}

),

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

prices as (

    select
        cutoff_date,
        customer_number,
        median(unit_price) as usual_price
    from {{ ref("dovecote", "int_recommendations__known_purchases") }}
    group by cutoff_date, customer_number

),

totals as (

    select
        cutoff_date,
        customer_number,
        count(*) filter (where is_barred_as_new) as settled_products
    from owned
    group by cutoff_date, customer_number

),

category_weights as (

    select
        owned.cutoff_date,
        owned.customer_number,
        products.category,
        {{ dovecote.rounded("sum(owned.owned_weight)", 9) }} as category_weight
    from owned
    inner join products
        on owned.product_number = products.product_number
    where products.category is not null and owned.owned_weight > 0
    group by owned.cutoff_date, owned.customer_number, products.category

),

owned_categories as (

    select
        cutoff_date,
        customer_number,
        category
    from category_weights
    qualify
        row_number() over (
            partition by cutoff_date, customer_number order by category_weight desc, category asc
        ) = 1

),

categories as (

    select distinct category
    from products
    where category is not null

),

stated_categories as (

    select
        recipients.cutoff_date,
        recipients.customer_number,
        min(categories.category) as category
    from recipients
    inner join categories
        on contains(recipients.interests, {{ dovecote.as_interests("categories.category") }})
    left join owned_categories
        on
            recipients.cutoff_date = owned_categories.cutoff_date
            and recipients.customer_number = owned_categories.customer_number
    where owned_categories.customer_number is null
    group by recipients.cutoff_date, recipients.customer_number

),

final as (

    select
        recipients.cutoff_date,
        recipients.is_as_of,
        recipients.customer_number,
        recipients.segment,
        coalesce(owned_categories.category, stated_categories.category) as category,
        {{ dovecote.price_bound("lowest", "recipients.is_as_of", "prices.usual_price") }} as lowest_price,
        {{ dovecote.price_bound("highest", "recipients.is_as_of", "prices.usual_price") }} as highest_price,
        coalesce(totals.settled_products, 0) as settled_products
    from recipients
    left join totals
        on
            recipients.cutoff_date = totals.cutoff_date
            and recipients.customer_number = totals.customer_number
    left join owned_categories
        on
            recipients.cutoff_date = owned_categories.cutoff_date
            and recipients.customer_number = owned_categories.customer_number
    left join stated_categories
        on
            recipients.cutoff_date = stated_categories.cutoff_date
            and recipients.customer_number = stated_categories.customer_number
    left join prices
        on
            recipients.cutoff_date = prices.cutoff_date
            and recipients.customer_number = prices.customer_number

)

select * from final
