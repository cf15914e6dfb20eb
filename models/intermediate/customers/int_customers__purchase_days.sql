{{ config(
    materialized="sliced_table", slice_key="customer_id", slice_of="int_core__changed_people", slice_column="person_id"
) }}
{%- do ref("dovecote", "int_core__changed_people") %}

-- A customer's days of purchase, each with all that was known of its rhythm on that day.
with

purchases as (

    select * from {{ dovecote.made_rows("int_core__purchases") }}

),

days as (

    select
        customer_id,
        order_date as purchase_date,
        max(order_number) as purchases_to_date
    from purchases
    group by customer_id, order_date

),

gaps as (

    select
        *,
        {{ dovecote.days_between(
            "lag(purchase_date) over (partition by customer_id order by purchase_date)", "purchase_date"
        ) }} as gap_days,
        lead(purchase_date) over (partition by customer_id order by purchase_date) as next_purchase_date,
        row_number() over (partition by customer_id order by purchase_date) - 1 as gaps_to_date
    from days

),

final as (

    select
        *,
        {{ dovecote.running_median("gap_days", "customer_id", "purchase_date") }} as median_gap_days
    from gaps

)

select * from final
