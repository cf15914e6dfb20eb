-- No list holds what rules leave out, and none is short while there are products that the customer may be shown. How
-- many those are is counted where neither a cap nor a price band depends on the rest of the list or on the customer.
{{ config(store_failures_as="view") }}
{% set is_counted = not (
    var("dovecote_recommendation_max_per_category") or var("dovecote_recommendation_price_band")
) -%}

with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

listed as (

    select * from {{ ref("dovecote", "int_recommendations__listed_now") }}

),

recipients as (

    select recipients.*
    from {{ ref("dovecote", "int_recommendations__recipients") }} as recipients
    inner join run
        on recipients.cutoff_date = run.as_of_date

),

owned as (

    select owned_products.*
    from {{ ref("dovecote", "int_recommendations__owned") }} as owned_products
    inner join run
        on owned_products.cutoff_date = run.as_of_date

),

candidates as (

    select product_facts.*
    from {{ ref("dovecote", "int_recommendations__product_facts") }} as product_facts
    inner join run
        on product_facts.cutoff_date = run.as_of_date
    where product_facts.is_candidate

),

left_out as (

    select
        listed.customer_number,
        listed.list_name,
        listed.product_number
    from listed
    left join candidates
        on listed.product_number = candidates.product_number
    left join owned
        on listed.customer_number = owned.customer_number and listed.product_number = owned.product_number
    where
        candidates.product_number is null
        or case listed.list_name when 'discover' then owned.is_barred_as_new else owned.is_barred end

),

lengths as (

    select
        customer_number,
        list_name,
        count(*) as products
    from listed
    group by customer_number, list_name

),

barred as (

    select
        owned.customer_number,
        count(*) filter (where owned.is_barred) as barred_products,
        count(*) filter (where owned.is_barred_as_new) as barred_as_new_products
    from owned
    inner join candidates
        on owned.product_number = candidates.product_number
    group by owned.customer_number

),

offers as (

    select count(*) as products
    from candidates

),

short as (

    select
        recipients.customer_number,
        list_names.list_name,
        cast(null as integer) as product_number
    from recipients
    cross join offers
    cross join (values ('blend'), ('discover')) as list_names (list_name)
    left join barred
        on recipients.customer_number = barred.customer_number
    left join lengths
        on recipients.customer_number = lengths.customer_number and list_names.list_name = lengths.list_name
    where
        {{ is_counted }}
        and coalesce(lengths.products, 0)
        < least(
            {{ dovecote.recommendations_per_list() }},
            offers.products - coalesce(
                case list_names.list_name
                    when 'blend' then barred.barred_products else barred.barred_as_new_products
                end,
                0
            )
        )

)

select * from left_out

union all

select * from short
