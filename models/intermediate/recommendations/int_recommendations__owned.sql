-- What recipients of lists own at each cut-off, and what else they showed interest in.
with

recipients as (

    select * from {{ ref("dovecote", "int_recommendations__recipients") }}

),

settings as (

    select * from {{ ref("dovecote", "int_recommendations__settings") }}

),

known_purchases as (

    select * from {{ ref("dovecote", "int_recommendations__known_purchases") }}

),

signals as (

    select * from {{ ref("dovecote", "int_recommendations__signals") }}

),

product_facts as (

    select * from {{ ref("dovecote", "int_recommendations__product_facts") }}

),

counted as (
    select
        cutoff_date,
        customer_number,
        product_number,
        age_days,
        {{ dovecote.purchase_signal_weight() }} as signal_weight,
        'purchase' as signal_name,
        order_date as signal_date,
        ordered_at as signalled_at,
        unit_price
    from known_purchases

    union all

    select
        settings.cutoff_date,
        signals.customer_number,
        signals.product_number,
        {{ dovecote.days_between("signals.signal_date", "settings.cutoff_date") }} + 1 as age_days,
        signals.signal_weight,
        signals.signal_name,
        signals.signal_date,
        signals.signalled_at,
        cast(null as double) as unit_price
    from signals
    inner join settings
        on
            signals.signal_date <= settings.cutoff_date
            and (settings.is_as_of or coalesce(signals.known_from_date <= settings.cutoff_date, true))

),

summed as (

    select
        counted.cutoff_date,
        counted.customer_number,
        counted.product_number,
        cast(count(*) filter (where counted.signal_name = 'purchase') as integer) as basket_count,
        max(case when counted.signal_name = 'purchase' then counted.signal_date end) as last_bought_date,
        max(case when counted.signal_name = 'purchase' then counted.signalled_at end) as last_bought_at,
        max(case when counted.signal_name = 'cart_add' then counted.signalled_at end) as last_carted_at,
        max(case when counted.signal_name = 'cart_remove' then counted.signalled_at end) as last_uncarted_at,
        max(case when counted.signal_name = 'cart_add' then counted.signal_date end) as last_carted_date,
        sum(
            counted.signal_weight * {{ dovecote.decay("counted.age_days", "settings.half_life_days") }}
        ) as decayed_count
    from counted
    inner join recipients
        on counted.cutoff_date = recipients.cutoff_date and counted.customer_number = recipients.customer_number
    inner join settings
        on counted.cutoff_date = settings.cutoff_date
    group by counted.cutoff_date, counted.customer_number, counted.product_number

),

carted as (

    select
        cutoff_date,
        customer_number,
        product_number,
        basket_count,
        last_bought_date,
        {{ dovecote.owned_weight("decayed_count") }} as owned_weight,
        coalesce(
            {{ dovecote.days_between("last_carted_date", "cutoff_date") }} < {{ dovecote.recommendation_cart_days() }}
            and coalesce(last_uncarted_at < last_carted_at, true)
            and coalesce(last_bought_at < last_carted_at, true),
            false
        ) as is_in_cart
    from summed

),

-- The rules about a customer and a product: what lies in the cart, and what was bought and nobody buys again.
final as (

    select
        carted.*,
        carted.is_in_cart or (carted.basket_count > 0 and not product_facts.is_replenishable) as is_barred,
        carted.is_in_cart or carted.basket_count > 0 as is_barred_as_new
    from carted
    inner join product_facts
        on carted.cutoff_date = product_facts.cutoff_date and carted.product_number = product_facts.product_number

)

select * from final
