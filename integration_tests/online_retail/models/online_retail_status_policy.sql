{%- set choices = {
    "sales": ["paid"],
    "positive_quantity": ["paid", "free"],
    "all_rows": ["paid", "free", "cancelled", "adjustment"],
} -%}
{%- set choice = env_var("ONLINE_RETAIL_COUNTS", "sales") -%}
{%- if choice not in choices -%}
    {%- do exceptions.raise_compiler_error(
        "ONLINE_RETAIL_COUNTS is '" ~ choice ~ "': choose one of " ~ choices.keys() | join(", ") ~ "."
    ) -%}
{%- endif %}
with

final as (
    {% for status in choices["all_rows"] %}
    select
        '{{ status }}' as status,
        {{ "true" if status in choices[choice] else "false" }} as counts_as_purchase
    {{ "union all" if not loop.last }}
    {%- endfor %}

)

select * from final
