{{ config(post_hook="{{ dovecote.keep_rejected_lines('products') }}") }}

{{ dovecote.read_input('products') }}
