{{ config(post_hook="{{ dovecote.keep_rejected_lines('events') }}") }}

{{ dovecote.read_input('events') }}
