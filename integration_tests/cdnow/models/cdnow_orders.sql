with

files as (

    select
        string_split(content, chr(10)) as file_lines,
        filename like '%CDNOW\_sample.txt' escape '\' as is_sample
    from {{ source("cdnow", "purchases_file") }}

),

numbered as (

    select
        is_sample,
        trim(unnest(file_lines), ' ' || chr(13)) as line_text,
        generate_subscripts(file_lines, 1) as line_number
    from files

),

purchase_lines as (

    select
        line_number,
        case
            when is_sample then regexp_replace(line_text, '^(\d{5}) +\d{4} ', '\1 ')
            else line_text
        end as line_text
    from numbered
    where line_text <> '' and (is_sample or line_number > 1)

),

final as (

    select
        cast(line_number as varchar) as order_id,
        nullif(regexp_extract(line_text, '^(\d{5}) +\d{8} ', 1), '') as customer_id,
        cast(try_strptime(regexp_extract(line_text, '^\d{5} +(\d{8}) ', 1), '%Y%m%d') as timestamp) as ordered_at,
        try_cast(regexp_extract(line_text, ' (\d+\.\d\d)$', 1) as decimal(18, 4)) as gross_amount,
        'USD' as currency,
        try_cast(regexp_extract(line_text, ' (\d+) +\d+\.\d\d$', 1) as integer) as x_number_of_cds
    from purchase_lines

)

select * from final
