-- What changes with any accepted row of an input, and not with their order.
with

input_counts as (

    select * from {{ ref("dovecote", "int_core__input_counts") }}

),

final as (
    {% for entity in dovecote.input_entities() %}
    select
        'stg_{{ entity }}' as relation_name,
        {{ dovecote.amount_of("rows_accepted") }} as relation_rows,
        cast({{ dovecote.amount_of("fingerprint") }} as string) as fingerprint
    from input_counts
    where entity = '{{ entity }}'
    union all
    {%- endfor %}
    {%- for relation in ["int_core__order_status_policy", "int_core__event_vocabulary"] %}
    select
        '{{ relation }}' as relation_name,
        count(*) as relation_rows,
        {{ dovecote.rows_fingerprint(relation) }} as fingerprint
    from {{ ref("dovecote", relation) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select * from final
