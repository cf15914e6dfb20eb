{{ config(post_hook="{{ dovecote.keep_rejected_lines('exchange_rates') }}") }}

{{ dovecote.read_input('exchange_rates') }}
