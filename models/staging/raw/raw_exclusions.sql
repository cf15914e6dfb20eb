{{ config(post_hook="{{ dovecote.keep_rejected_lines('exclusions') }}") }}

{{ dovecote.read_input('exclusions') }}
