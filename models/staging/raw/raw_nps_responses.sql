{{ config(post_hook="{{ dovecote.keep_rejected_lines('nps_responses') }}") }}

{{ dovecote.read_input('nps_responses') }}
