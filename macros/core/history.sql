{#
    What was published on a day is kept as the latest green build of that day wrote it. A run therefore clears away what
    others of the day wrote, but not that, as it may yet fail itself. Whoever reads history takes the rows of
    dovecote.green_runs(), one run a day.
#}
{% macro delete_other_rows_of_this_day() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            as_of_date in (select as_of_date from {{ ref('dovecote', 'int_core__run') }})
            and run_id not in (select run_id from ({{ dovecote.green_runs(dovecote.builds_relation()) }}) as green_runs)
    {%- endif -%}
{%- endmacro %}


{# The latest green build of each as_of_date, as a query of run_id and as_of_date; builds is the registry or its mart. #}
{% macro green_runs(builds) %}
    select
        run_id,
        as_of_date
    from {{ builds }}
    where is_green
    qualify row_number() over (partition by as_of_date order by started_at desc, run_id asc) = 1
{% endmacro %}
