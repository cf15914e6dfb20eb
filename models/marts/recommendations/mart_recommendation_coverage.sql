with

customers as (

    select * from {{ ref("dovecote", "int_recommendations__customers") }}

),

listed as (

    select
        customer_number,
        list_name,
        count(*) as recommendations
    from {{ ref("dovecote", "int_recommendations__listed_now") }}
    group by customer_number, list_name

),

buyers as (

    select distinct customer_number
    from {{ ref("dovecote", "int_recommendations__known_purchases") }}
    where is_as_of

),

offers as (

    select count(*) filter (where product_facts.is_candidate) as candidate_products
    from {{ ref("dovecote", "int_recommendations__product_facts") }} as product_facts
    inner join {{ ref("dovecote", "int_core__run") }} as run
        on product_facts.cutoff_date = run.as_of_date

),

list_names as (
    {% for name in ["buy_again", "discover", "blend"] %}
    select '{{ name }}' as list_name
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

judged as (

    select
        list_names.list_name,
        coalesce(listed.recommendations, 0) as recommendations,
        case
            when listed.recommendations = {{ dovecote.recommendations_per_list() }} then 'full'
            when listed.recommendations > 0 then 'all_candidates_listed'
            when customers.is_closed then 'account_closed'
            when offers.candidate_products = 0 then 'no_products'
            when list_names.list_name = 'buy_again' and buyers.customer_number is null then 'never_bought'
            when list_names.list_name = 'buy_again' then 'nothing_due'
            else 'rules_leave_nothing'
        end as coverage
    from customers
    cross join list_names
    cross join offers
    left join listed
        on customers.customer_number = listed.customer_number and list_names.list_name = listed.list_name
    left join buyers
        on customers.customer_number = buyers.customer_number

),

final as (

    select
        cast(list_name as string) as list_name,
        cast(coverage as string) as coverage,
        cast(count(*) as bigint) as customers,
        cast(sum(recommendations) as bigint) as recommendations
    from judged
    group by list_name, coverage

)

select * from final
