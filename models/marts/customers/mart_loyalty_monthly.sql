{% set repeat_windows = [30, 60, 90] -%}
{%- set repeats_within_year = dovecote.days_between("previous_order_date", "order_date") ~ " < 365" -%}

with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

periods as (

    select * from {{ ref("dovecote", "int_core__periods") }}
    where grain = 'month'

),

purchases as (

    select * from {{ ref("dovecote", "int_core__purchases") }}

),

second_orders as (

    select * from {{ ref("dovecote", "mart_second_orders") }}

),

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where is_purchase and not is_excluded

),

nps_responses as (

    select nps_responses.*
    from {{ ref("dovecote", "stg_nps_responses") }} as nps_responses
    left join {{ ref("dovecote", "int_core__customer_merges") }} as customer_merges
        on nps_responses.customer_id = customer_merges.from_customer_id
    left join {{ ref("dovecote", "int_core__exclusions") }} as exclusions
        on coalesce(customer_merges.customer_id, nps_responses.customer_id) = exclusions.customer_id
    where exclusions.customer_id is null

),

first_facts as (

    select min(order_date) as first_date from orders

    union all

    select {{ dovecote.local_date("min(coalesce(invited_at, responded_at))") }} as first_date
    from nps_responses

),

months as (

    select
        periods.period_start as month_start,
        periods.is_complete,
        least({{ dovecote.date_plus_days("periods.next_period_start", -1) }}, run.as_of_date) as last_date
    from periods
    cross join run
    where periods.next_period_start > (select min(first_facts.first_date) from first_facts)

),

sales as (

    select
        {{ dovecote.period_start("month", "order_date") }} as month_start,
        count(*) as orders,
        count(distinct case when is_customer_purchase then customer_id end) as customers,
        sum(net_amount) as net_revenue
    from orders
    group by 1

),

-- A customer is a buyer of the trailing year from a purchase to the next one, which takes its place, or to the day a
-- year later, and a repeat buyer to the day a year after the purchase before, if that is to come.
year_changes as (

    select
        order_date as change_date,
        count(*) as buyers,
        count(case when {{ repeats_within_year }} then 1 end) as repeat_buyers
    from purchases
    group by order_date

    union all

    select
        least({{ dovecote.date_plus_days("order_date", 365) }}, next_order_date) as change_date,
        -count(*) as buyers,
        0 as repeat_buyers
    from purchases
    group by 1

    union all

    select
        least({{ dovecote.date_plus_days("previous_order_date", 365) }}, next_order_date) as change_date,
        0 as buyers,
        -count(*) as repeat_buyers
    from purchases
    where {{ repeats_within_year }}
    group by 1

),

lifetime_changes as (

    select
        first_order_date as change_date,
        count(*) as buyers,
        0 as repeat_buyers
    from second_orders
    group by first_order_date

    union all

    select
        second_order_date as change_date,
        0 as buyers,
        count(*) as repeat_buyers
    from second_orders
    group by second_order_date

),

{% for window, changes in [("trailing_year", "year_changes"), ("lifetime", "lifetime_changes")] -%}
{{ window }}_buyers as (

    select
        months.month_start,
        sum(changes.buyers) as buyers,
        sum(changes.repeat_buyers) as repeat_buyers
    from months
    inner join {{ changes }} as changes
        on months.last_date >= changes.change_date
    group by months.month_start

),

{% endfor -%}

repeats as (

    select
        {{ dovecote.period_start("month", "first_order_date") }} as month_start,
    {%- for days in repeat_windows %}
    count(is_repeated_{{ days }}d) as mature_{{ days }}d,
    count(*) filter (where is_repeated_{{ days }}d) as repeated_{{ days }}d{{ "," if not loop.last }}
    {%- endfor %}
    from second_orders
    group by 1

),

scores as (

    select
        {{ dovecote.period_start("month", dovecote.local_date("coalesce(responded_at, invited_at)")) }} as month_start,
        count(*) as responses,
        count(*) filter (where score >= 9) as promoters,
        count(*) filter (where score <= 6) as detractors
    from nps_responses
    where score is not null
    group by 1

),

invitations as (

    select
        {{ dovecote.period_start("month", dovecote.local_date("coalesce(invited_at, responded_at)")) }} as month_start,
        count(*) as invitations,
        count(score) as answered
    from nps_responses
    group by 1

),

shares as (

    select
        month_start,
        responses,
        promoters / cast(responses as double) as promoter_share,
        detractors / cast(responses as double) as detractor_share
    from scores

),

final as (

    select
        months.month_start,
        cast(coalesce(sales.orders, 0) as bigint) as orders,
        cast(coalesce(sales.customers, 0) as bigint) as customers,
        cast(coalesce(sales.net_revenue, 0) as decimal(38, 4)) as net_revenue,
        {{ dovecote.ratio("sales.net_revenue", "sales.orders") }} as aov,
        {{ dovecote.ratio("trailing_year_buyers.repeat_buyers", "trailing_year_buyers.buyers") }} as repurchase_rate,
        {{ dovecote.ratio("lifetime_buyers.repeat_buyers", "lifetime_buyers.buyers") }} as repurchase_rate_lifetime,
        {%- for days in repeat_windows %}
        {{ dovecote.ratio("repeats.repeated_" ~ days ~ "d", "repeats.mature_" ~ days ~ "d") }}
            as repeat_rate_{{ days }}d,
        cast(coalesce(repeats.mature_{{ days }}d, 0) as bigint) as first_buyers_{{ days }}d,
        {%- endfor %}
        cast(100 * (shares.promoter_share - shares.detractor_share) as double) as nps,
        cast(
            100 * sqrt(
                (
                    shares.promoter_share + shares.detractor_share
                    - (shares.promoter_share - shares.detractor_share)
                    * (shares.promoter_share - shares.detractor_share)
                ) / shares.responses
            ) as double
        ) as nps_se,
        cast(coalesce(shares.responses, 0) as bigint) as nps_responses,
        {{ dovecote.ratio("invitations.answered", "invitations.invitations") }} as response_rate,
        months.is_complete
    from
        months
    {%- for part in ["sales", "trailing_year_buyers", "lifetime_buyers", "repeats", "shares", "invitations"] %}
left join {{ part }}
    on months.month_start = {{ part }}.month_start
    {%- endfor %}

)

select * from final
