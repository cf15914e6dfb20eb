{{ config(post_hook="{{ dovecote.keep_rejected_lines('reviews') }}") }}

{{ dovecote.read_input('reviews') }}
