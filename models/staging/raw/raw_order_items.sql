{{ config(post_hook="{{ dovecote.keep_rejected_lines('order_items') }}") }}

{{ dovecote.read_input('order_items') }}
