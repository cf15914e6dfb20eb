-- What a cut-off knows of each product: how popular it is and lately became, whether people buy it again, and whether
-- it can be recommended.
with

products as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

settings as (

    select * from {{ ref("dovecote", "int_recommendations__settings") }}

),

purchases as (

    select * from {{ ref("dovecote", "int_recommendations__known_purchases") }}

),

buyers as (

    select
        cutoff_date,
        product_number,
        count(*) as buyers,
        count(*) filter (where basket_count > 1) as repeat_buyers,
        count(*) filter (
            where basket_count > 1 or first_age_days > {{ dovecote.days_to_buy_again() }}
        ) as buyers_with_time
    from {{ ref("dovecote", "int_recommendations__basket_counts") }}
    group by cutoff_date, product_number

),

sold as (

    select
        purchases.cutoff_date,
        purchases.product_number,
        count(*) as baskets,
        sum({{ dovecote.decay("purchases.age_days", "settings.trend_half_life_days") }}) as recent_baskets,
        count(*) filter (where purchases.age_days <= settings.popularity_days) as window_baskets,
        median(purchases.unit_price) as usual_price
    from purchases
    inner join settings
        on purchases.cutoff_date = settings.cutoff_date
    group by purchases.cutoff_date, purchases.product_number

),

shops as (

    select
        sold.cutoff_date,
        sum(sold.recent_baskets) / sum(sold.baskets) as recent_share,
        sum(buyers.repeat_buyers) / cast(sum(buyers.buyers) as double) as repeat_share
    from sold
    inner join buyers
        on sold.cutoff_date = buyers.cutoff_date and sold.product_number = buyers.product_number
    group by sold.cutoff_date

),

joined as (

    select
        settings.*,
        products.product_number,
        products.category,
        products.launched_date,
        products.is_in_catalogue,
        products.is_sold_now,
        coalesce(buyers.buyers, 0) as buyers,
        coalesce(buyers.repeat_buyers, 0) as repeat_buyers,
        coalesce(buyers.buyers_with_time, 0) as buyers_with_time,
        coalesce(sold.baskets, 0) as baskets,
        coalesce(sold.recent_baskets, 0) as recent_baskets,
        coalesce(sold.window_baskets, 0) as window_baskets,
        coalesce(sold.usual_price, case when settings.is_as_of then products.list_price end) as usual_price,
        coalesce(shops.recent_share, 0) as recent_share,
        coalesce(shops.repeat_share, 0) as shop_repeat_share
    from settings
    cross join products
    left join sold
        on settings.cutoff_date = sold.cutoff_date and products.product_number = sold.product_number
    left join buyers
        on settings.cutoff_date = buyers.cutoff_date and products.product_number = buyers.product_number
    left join shops
        on settings.cutoff_date = shops.cutoff_date

),

rated as (

    select
        *,
        (recent_baskets + trend_prior) / (baskets * recent_share + trend_prior) as trend,
        {{ dovecote.repeat_share("repeat_buyers", "buyers", "shop_repeat_share", 10) }} as repeat_share,
        {{ dovecote.repeat_share("repeat_buyers", "buyers_with_time", "shop_repeat_share", 1) }} as replenished_share
    from joined

),

final as (

    select
        cutoff_date,
        product_number,
        category,
        buyers,
        baskets,
        window_baskets,
        usual_price,
        replenished_share,
        similar_weight,
        coalesce(power(repeat_share / nullif(shop_repeat_share, 0), repeat_power), 1) as repeat_factor,
        power(trend, blend_trend_power) as blend_trend,
        power(trend, discover_trend_power) as discover_trend,
        replenished_share >= {{ dovecote.replenishable_min_repeat_share() }} as is_replenishable,
        -- Stock and status are undated: of the past they are not known.
        coalesce(launched_date <= cutoff_date, baskets > 0 or (is_as_of and is_in_catalogue))
        and (is_sold_now or not is_as_of) as is_candidate
    from rated

)

select * from final
