{#
    What is counted of an entity's judged rows, one row each: rows_<row_status>, filled_<column> of accepted rows, and
    if asked for their fingerprint, a number that changes with any of them and not with their order. All of it adds up,
    and nothing counted is no row.
#}
{% macro input_counts(entity, relation, has_fingerprint=false) -%}
    {%- set columns = dovecote.input_entities()[entity]["columns"] | list -%}
    {%- set counted = [] %}
    select
        cast('{{ entity }}' as string) as entity,
        cast(counted as string) as counted,
        amount
    from (
        select
            {%- for status in ["accepted", "duplicate", "quarantined", "after_as_of", "forgotten"] %}
            {%- do counted.append("rows_" ~ status) %}
            cast(count(*) filter (where row_status = '{{ status }}') as decimal(38, 0)) as rows_{{ status }},
            {%- endfor %}
            {%- for column in columns %}
            {%- do counted.append("filled_" ~ column) %}
            cast(count({{ column }}) filter (where row_status = 'accepted') as decimal(38, 0)) as filled_{{ column }},
            {%- endfor %}
            {%- if has_fingerprint %}
            {%- do counted.append("fingerprint") %}
            cast(
                coalesce(sum({{ dovecote.row_hash(columns + ["x_columns"]) }}) filter (where row_status = 'accepted'), 0)
                as decimal(38, 0)
            ) as fingerprint,
            {%- endif %}
            '{{ entity }}' as entity
        from {{ relation }}
    ) as wide
    unpivot (amount for counted in ({{ counted | join(", ") }}))
    where amount <> 0
{%- endmacro %}


{# One of these amounts, as an aggregate over the counts of an entity. #}
{% macro amount_of(counted) -%}
    cast(coalesce(max(case when counted = '{{ counted }}' then amount end), 0) as {{ "decimal(38, 0)" if counted == "fingerprint" else "bigint" }})
{%- endmacro %}


{# A number that changes with any column of a row. #}
{% macro row_hash(columns) -%}
    {{ adapter.dispatch('row_hash', 'dovecote')(columns) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    cast(hash({{ columns | join(", ") }}) as hugeint)
{%- endmacro %}

{# Its own hash passes over nulls, wherever they are. #}
{% macro spark__row_hash(columns) -%}
    cast(xxhash64(to_json(struct({{ columns | join(", ") }}))) as decimal(38, 0))
{%- endmacro %}
