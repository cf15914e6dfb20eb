-- What else was known of customers at each cut-off, each fact by its own date.
with

cutoffs as (

    select
        cutoff_date,
        min(is_sampled) as is_sampled
    from {{ ref("dovecote", "int_churn__cutoffs") }}
    group by cutoff_date

),

customers as (

    select * from {{ ref("dovecote", "int_churn__customers") }}

),

orders as (

    select * from {{ ref("dovecote", "int_core__dated_orders") }}

),

order_items as (

    select distinct
        order_id,
        category
    from {{ ref("dovecote", "int_core__order_items") }}
    where category is not null

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

reviews as (

    select
        coalesce(customer_merges.customer_id, reviews.customer_id) as customer_id,
        {{ dovecote.local_date("reviews.created_at") }} as review_date,
        reviews.rating
    from {{ ref("dovecote", "stg_reviews") }} as reviews
    left join customer_merges
        on reviews.customer_id = customer_merges.from_customer_id
    where reviews.rating is not null

),

nps_responses as (

    select
        coalesce(customer_merges.customer_id, nps_responses.customer_id) as customer_id,
        nps_responses.response_id,
        nps_responses.responded_at,
        {{ dovecote.local_date("nps_responses.responded_at") }} as response_date,
        nps_responses.score
    from {{ ref("dovecote", "stg_nps_responses") }} as nps_responses
    left join customer_merges
        on nps_responses.customer_id = customer_merges.from_customer_id
    where nps_responses.score is not null

),

known_orders as (

    select
        cutoffs.cutoff_date,
        orders.*,
        case when orders.refunded_date <= cutoffs.cutoff_date then orders.refund_amount else 0 end as known_refund
    from cutoffs
    inner join orders
        on
            cutoffs.cutoff_date >= orders.order_date
            and (cutoffs.cutoff_date < orders.cancelled_date or orders.cancelled_date is null)

),

money as (

    select
        cutoff_date,
        customer_id,
        cast(sum({{ dovecote.net_amount("gross_amount", "discount_amount", "known_refund") }}) as double) as net_amount,
        cast(sum(gross_amount) as double) as gross_amount,
        cast(sum(discount_amount) as double) as discount_amount,
        cast(sum(known_refund) as double) as refund_amount
    from known_orders
    group by cutoff_date, customer_id

),

assortment as (

    select
        known_orders.cutoff_date,
        known_orders.customer_id,
        count(distinct order_items.category) as categories
    from known_orders
    inner join order_items
        on known_orders.order_id = order_items.order_id
    group by known_orders.cutoff_date, known_orders.customer_id

),

ratings as (

    select
        cutoffs.cutoff_date,
        reviews.customer_id,
        avg(cast(reviews.rating as double)) as mean_rating
    from cutoffs
    inner join reviews
        on cutoffs.cutoff_date >= reviews.review_date
    group by cutoffs.cutoff_date, reviews.customer_id

),

answers as (

    select
        cutoffs.cutoff_date,
        nps_responses.customer_id,
        nps_responses.score as nps_score
    from cutoffs
    inner join nps_responses
        on cutoffs.cutoff_date >= nps_responses.response_date
    qualify row_number() over (
        partition by cutoffs.cutoff_date, nps_responses.customer_id
        order by nps_responses.responded_at desc, nps_responses.response_id desc
    ) = 1

),

final as (

    select
        cutoffs.cutoff_date,
        customers.customer_id,
        coalesce(money.net_amount, 0) as net_amount,
        coalesce(money.gross_amount, 0) as gross_amount,
        coalesce(money.discount_amount, 0) as discount_amount,
        coalesce(money.refund_amount, 0) as refund_amount,
        coalesce(assortment.categories, 0) as categories,
        ratings.mean_rating,
        answers.nps_score
    from cutoffs
    inner join customers
        on customers.is_in_sample or not cutoffs.is_sampled
    left join money
        on cutoffs.cutoff_date = money.cutoff_date and customers.customer_id = money.customer_id
    left join assortment
        on cutoffs.cutoff_date = assortment.cutoff_date and customers.customer_id = assortment.customer_id
    left join ratings
        on cutoffs.cutoff_date = ratings.cutoff_date and customers.customer_id = ratings.customer_id
    left join answers
        on cutoffs.cutoff_date = answers.cutoff_date and customers.customer_id = answers.customer_id

)

select * from final
