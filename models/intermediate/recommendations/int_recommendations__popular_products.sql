-- What fills a list that scores leave short: the products bought most often lately by the customer's segment, then in
-- the category it likes, then in the shop.
with

product_facts as (

    select * from {{ ref("dovecote", "int_recommendations__product_facts") }}
    where is_candidate

),

settings as (

    select * from {{ ref("dovecote", "int_recommendations__settings") }}

),

recipients as (

    select * from {{ ref("dovecote", "int_recommendations__recipients") }}
    where segment is not null

),

segment_baskets as (

    select
        purchases.cutoff_date,
        recipients.segment,
        purchases.product_number,
        count(*) as window_baskets
    from {{ ref("dovecote", "int_recommendations__known_purchases") }} as purchases
    inner join settings
        on
            purchases.cutoff_date = settings.cutoff_date
            and purchases.age_days <= settings.popularity_days
    inner join recipients
        on
            purchases.cutoff_date = recipients.cutoff_date
            and purchases.customer_number = recipients.customer_number
    group by purchases.cutoff_date, recipients.segment, purchases.product_number
    having count(*) >= {{ dovecote.min_segment_baskets() }}

),

counted as (

    select
        segment_baskets.cutoff_date,
        1 as fallback_level,
        segment_baskets.segment as group_name,
        segment_baskets.product_number,
        product_facts.category,
        product_facts.usual_price,
        segment_baskets.window_baskets,
        product_facts.baskets
    from segment_baskets
    inner join product_facts
        on
            segment_baskets.cutoff_date = product_facts.cutoff_date
            and segment_baskets.product_number = product_facts.product_number

    union all

    select
        cutoff_date,
        2 as fallback_level,
        category as group_name,
        product_number,
        category,
        usual_price,
        window_baskets,
        baskets
    from product_facts
    where category is not null and window_baskets > 0

    union all

    select
        cutoff_date,
        3 as fallback_level,
        'shop' as group_name,
        product_number,
        category,
        usual_price,
        window_baskets,
        baskets
    from product_facts

),

final as (

    select
        cutoff_date,
        fallback_level,
        group_name,
        product_number,
        category,
        usual_price,
        coalesce(
            window_baskets / cast(
                nullif(max(window_baskets) over (partition by cutoff_date, fallback_level, group_name), 0) as double
            ),
            0
        ) as score,
        row_number() over (
            partition by cutoff_date, fallback_level, group_name
            order by window_baskets desc, baskets desc, product_number asc
        ) as position,
        row_number() over (
            partition by cutoff_date, fallback_level, group_name, category
            order by window_baskets desc, baskets desc, product_number asc
        ) as position_in_category
    from counted

)

select * from final
