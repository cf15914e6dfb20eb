-- The definition of net revenue, which a project may override, is what fct_orders holds.
{{ config(store_failures_as="view") }}

select
    order_id,
    gross_amount,
    discount_amount,
    refund_amount,
    net_amount
from {{ ref("dovecote", "fct_orders") }}
where net_amount <> {{ dovecote.net_amount("gross_amount", "discount_amount", "refund_amount") }}
