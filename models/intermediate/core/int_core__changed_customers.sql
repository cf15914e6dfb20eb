-- Empty unless a build computes changes alone: whose merges or exclusions are others than in the last build.
{% set relations = ["int_core__customer_merges", "int_core__exclusions"] -%}

with

final as (
    {% if dovecote.scope() == "changes" -%}
    {%- for name, columns in {
        relations[0]: ["from_customer_id", "customer_id"], relations[1]: ["customer_id"]
    }.items() %}
    {%- for column in columns %}
    {{ "union" if not loop.first or name != relations[0] }}
    select {{ column }} as customer_id
    from ({{ dovecote.rows_that_differ(ref("dovecote", name), dovecote.previous_relation(name), columns) }}) as {{ column }}s
    {%- endfor %}
    {%- endfor %}
    {%- else -%}
    select customer_id
    from {{ ref("dovecote", relations[0]) }}
    inner join {{ ref("dovecote", relations[1]) }} using (customer_id)
    where 1 = 0
    {%- endif %}

)

select * from final
