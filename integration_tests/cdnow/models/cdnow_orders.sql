{%- set choice = env_var("CDNOW_FILE", "master") -%}
{%- if choice not in ["master", "sample"] -%}
    {%- do exceptions.raise_compiler_error("CDNOW_FILE is '" ~ choice ~ "': choose one of master, sample.") -%}
{%- endif -%}
{%- set ids = {"master": "(\\d{5})", "sample": "(\\d{5}) +\\d{4}"}[choice] %}

with

purchases_file as (

    select * from {{ source("cdnow", "purchases_file") }}

),

file_lines as (

    select
        unnest(string_split(content, chr(10))) as line,
        generate_subscripts(string_split(content, chr(10)), 1) as line_number
    from purchases_file

),

parts as (

    select
        line_number,
        regexp_extract(
            trim(line, ' ' || chr(13)),
            '^{{ ids }} +(\d{8}) +(\d+) +(\d+\.\d\d)$',
            ['customer_id', 'purchase_date', 'number_of_cds', 'dollar_value']
        ) as part
    from file_lines
    where trim(line, ' ' || chr(13)) <> ''
        {%- if choice == "master" %}
        and line_number > 1
        {%- endif %}

),

final as (

    select
        cast(line_number as varchar) as order_id,
        part.customer_id,
        cast(try_strptime(part.purchase_date, '%Y%m%d') as timestamp) as ordered_at,
        try_cast(part.dollar_value as decimal(18, 4)) as gross_amount,
        'USD' as currency,
        try_cast(part.number_of_cds as integer) as x_number_of_cds
    from parts

)

select * from final
