{{ config(post_hook="{{ dovecote.keep_rejected_lines('customers') }}") }}

{{ dovecote.read_input('customers') }}
