{#
    The rows of an input as the raw models hold them. Under dovecote_pseudonymise the ids of persons become salted hashes,
    and a line that is no record is withheld, as nobody knows where in it an id stands. Rows of forgotten people keep
    their place and nothing else. Without either, the rows are read as they are.
#}
{% macro protected(entity, rows) %}
    {%- set definition = dovecote.input_entities()[entity] -%}
    {%- if not var('dovecote_pseudonymise') and not dovecote.has_forgotten_people() -%}
        {{ rows }}
    {%- else -%}
select
    {%- for name in definition["columns"] %}
    case when not is_forgotten {{- " and not is_forgotten_visitor" if name == "anonymous_id" }} then {{ dovecote.staged_id(name) if name in definition["person_ids"] else name }} end as {{ name }},
    {%- endfor %}
    case when not is_forgotten then x_columns end as x_columns,
    source_name,
    case when not is_forgotten then source_position end as source_position,
    case when is_forgotten then 'forgotten' else malformed_reason end as malformed_reason,
    case when not is_forgotten then {{ dovecote.kept_line("malformed_line") }} end as malformed_line,
    line_count
from (
    select
        *,
        {{ dovecote.is_forgotten_row(definition["person_ids"]) | indent(8) }} as is_forgotten,
        {{ dovecote.is_forgotten_id("anonymous_id") if "anonymous_id" in definition["person_ids"] else "false" }} as is_forgotten_visitor
    from (
        {#- not indented, as that would break the delimiter that no text holds into lines -#}
        {{ rows }}
    ) as read_rows
) as flagged_rows
    {%- endif -%}
{% endmacro %}


{# The id of a person as the staging layer holds it. #}
{% macro staged_id(id) -%}
    {{ dovecote.pseudonym(id) if var('dovecote_pseudonymise') else id }}
{%- endmacro %}


{# A line that is no record, as far as it may be kept. #}
{% macro kept_line(line) -%}
    {%- if var('dovecote_pseudonymise') -%}
        case when {{ line }} is not null then '(withheld by dovecote_pseudonymise)' end
    {%- else -%}
        {{ line }}
    {%- endif -%}
{%- endmacro %}


{#
    Whether a row is one of a forgotten person: it bears a forgotten customer's id, or nobody's and a forgotten visitor's.
    What a customer did on a device that somebody else has shared stays.
#}
{% macro is_forgotten_row(person_ids) -%}
    {%- set reasons = [dovecote.is_forgotten_line("malformed_line")] -%}
    {%- for name in person_ids -%}
        {%- do reasons.append(
            dovecote.is_forgotten_id(name)
            ~ (" and " ~ dovecote.read_as("text", "customer_id") ~ " is null" if name == "anonymous_id" else "")
        ) -%}
    {%- endfor -%}
    {{ reasons | join("\nor ") }}
{%- endmacro %}


{# Whether an id of the input is that of a forgotten person; some may have been forgotten before ids became pseudonyms. #}
{% macro is_forgotten_id(name) -%}
    {%- if not dovecote.has_forgotten_people() -%}
        false
    {%- else -%}
        {%- set known = "(select id_hash from " ~ dovecote.forgotten_people_relation() ~ " where kind = '"
            ~ ("anonymous_id" if name == "anonymous_id" else "customer_id") ~ "')" -%}
        {%- set given = dovecote.read_as("text", name) -%}
        (
            coalesce({{ dovecote.sha256(given) }} in {{ known }}, false)
            {%- if var('dovecote_pseudonymise') %}
            or coalesce({{ dovecote.sha256(dovecote.pseudonym(name)) }} in {{ known }}, false)
            {%- endif %}
        )
    {%- endif -%}
{%- endmacro %}


{#
    Whether a line that is no record holds the id of a forgotten person, as a cell or as a word. A line that is withheld
    holds none.
#}
{% macro is_forgotten_line(line) -%}
    {%- if var('dovecote_pseudonymise') or not dovecote.has_forgotten_people() -%}
        false
    {%- else -%}
        coalesce(
            list_has_any(
                list_transform(
                    list_concat(
                        string_split_regex({{ line }}, '["{{ modules.re.escape(var("dovecote_csv_delimiter")) | replace("'", "''") }}]'),
                        regexp_extract_all({{ line }}, '[^\s"'',;:|=()<>{}\[\]]+')
                    ),
                    lambda piece: {{ dovecote.sha256("trim(piece)") }}
                ),
                (select list(id_hash) from {{ dovecote.forgotten_people_relation() }})
            ),
            false
        )
    {%- endif -%}
{%- endmacro %}
