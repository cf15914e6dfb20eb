{{ config(post_hook="{{ dovecote.keep_rejected_lines('customer_merges') }}") }}

{{ dovecote.read_input('customer_merges') }}
