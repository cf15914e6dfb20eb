-- How long customers take to buy each product again, as of now: a log-normal gap. A product with few gaps is held by
-- those of all products.
with

basket_days as (

    select distinct
        customer_number,
        product_number,
        order_date
    from {{ ref("dovecote", "int_recommendations__known_purchases") }}
    where is_as_of

),

gaps as (

    select
        customer_number,
        product_number,
        ln(
            {{ dovecote.days_between(
                "lag(order_date) over (partition by customer_number, product_number order by order_date)", "order_date"
            ) }}
        ) as log_gap
    from basket_days

),

shops as (

    select
        avg(log_gap) as mean_log_gap,
        var_pop(log_gap) as variance_of_log_gap
    from gaps

),

products as (

    select
        product_number,
        count(*) as gaps,
        avg(log_gap) as mean_log_gap,
        var_pop(log_gap) as variance_of_log_gap
    from gaps
    where log_gap is not null
    group by product_number

),

customers as (

    select
        customer_number,
        product_number,
        count(log_gap) as gaps,
        sum(log_gap) as log_gaps
    from gaps
    group by customer_number, product_number

),

held as (

    select
        customers.customer_number,
        customers.product_number,
        customers.gaps,
        coalesce(customers.log_gaps, 0) as log_gaps,
        {{ dovecote.held_by_shop("products.mean_log_gap", "shops.mean_log_gap", "products.gaps") }} as mean_log_gap,
        {{ dovecote.held_by_shop(
            "products.variance_of_log_gap", "shops.variance_of_log_gap", "products.gaps"
        ) }} as variance_of_log_gap
    from customers
    cross join shops
    left join products
        on customers.product_number = products.product_number
    where shops.mean_log_gap is not null

),

-- The next gap spreads as gaps do, and as far as the mean is unsure.
expected as (

    select
        customer_number,
        product_number,
        (log_gaps + {{ dovecote.gap_prior_of_customers() }} * mean_log_gap)
        / (gaps + {{ dovecote.gap_prior_of_customers() }}) as log_gap,
        sqrt(variance_of_log_gap * (1 + 1.0 / (gaps + {{ dovecote.gap_prior_of_customers() }}))) as deviation
    from held

),

final as (

    select
        customer_number,
        product_number,
        exp(log_gap) as expected_gap_days,
        exp(log_gap - {{ dovecote.normal_quantile_of_90_percent() }} * deviation) as gap_days_low,
        exp(log_gap + {{ dovecote.normal_quantile_of_90_percent() }} * deviation) as gap_days_high
    from expected

)

select * from final
