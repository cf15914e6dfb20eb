{# Which run wrote a row of history, and as of when; the query has int_core__run as run. #}
{% macro run_columns() -%}
    run.as_of_date,
    run.as_of,
    timestamp '{{ dovecote.run_start() }}' as run_started_at,
    '{{ dovecote.this_run_id() }}' as run_id
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
