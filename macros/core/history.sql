{#
    A run clears away what others of its day wrote, but nothing of a green build: that stays as it was published, and
    whoever was alerted was alerted. Readers that look back take one build a day, the latest green one.
#}
{% macro delete_failed_rows_of_this_day() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            as_of_date in (select as_of_date from {{ ref('dovecote', 'int_core__run') }})
            and run_id not in (select run_id from {{ dovecote.builds_relation() }} where is_green)
    {%- endif -%}
{%- endmacro %}


{# The latest green build of each as_of_date, as a query of run_id and as_of_date; builds is the registry or its mart. #}
{% macro green_runs(builds) %}
    select
        run_id,
        as_of_date
    from {{ builds }}
    where is_green and as_of_date is not null
    qualify row_number() over (partition by as_of_date order by started_at desc, run_id asc) = 1
{% endmacro %}
