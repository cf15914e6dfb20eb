{{ config(post_hook="{{ dovecote.keep_rejected_lines('orders') }}") }}

{{ dovecote.read_input('orders') }}
