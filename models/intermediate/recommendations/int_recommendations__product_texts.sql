-- What is said of each product, and whether too few have bought it to have a full page of neighbours.
with

products as (

    select * from {{ ref("dovecote", "int_core__products") }}

),

numbers as (

    select * from {{ ref("dovecote", "int_recommendations__products") }}

),

neighbours as (

    select
        page_neighbours.product_number,
        count(*) as neighbours
    from {{ ref("dovecote", "int_recommendations__page_neighbours") }} as page_neighbours
    inner join {{ ref("dovecote", "int_core__run") }} as run
        on page_neighbours.cutoff_date = run.as_of_date
    group by page_neighbours.product_number

),

final as (

    select
        numbers.product_number,
        products.product_name,
        products.description,
        products.attributes,
        products.category,
        products.brand,
        coalesce(neighbours.neighbours, 0) < {{ dovecote.neighbours_per_product() }} as is_cold
    from numbers
    inner join products
        on numbers.product_id = products.product_id
    left join neighbours
        on numbers.product_number = neighbours.product_number

)

select * from final
