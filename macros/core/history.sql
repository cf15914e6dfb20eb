{# A second run of one day takes the place of the first, and leaves nothing of it if it has no rows. #}
{% macro delete_rows_of_this_as_of_date() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where as_of_date in (select as_of_date from {{ ref('dovecote', 'int_core__run') }})
    {%- endif -%}
{%- endmacro %}
