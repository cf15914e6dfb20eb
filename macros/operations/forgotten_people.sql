{#
    Whom later builds keep out, outside of what dbt manages: the hash of each id of a forgotten person, as staging held
    it. `dovecote forget` writes there. salt_check tells the salt of pseudonyms from others, and is too short to tell
    more; null where ids are none.
#}
{% macro forgotten_people_relation() %}
    {{ return(dovecote.history_schema() ~ '.forgotten_people') }}
{% endmacro %}


{# Before anything is read. Under another salt people would have other pseudonyms, and come back. #}
{% macro start_forgotten_people() %}
    {%- if dovecote.is_recorded() -%}
        {%- do run_query("create schema if not exists " ~ dovecote.history_schema()) -%}
        {%- do run_query(
            "create table if not exists " ~ dovecote.forgotten_people_relation() ~ " (kind " ~ dovecote.sql_type('text')
            ~ ", id_hash " ~ dovecote.sql_type('text') ~ ", salt_check " ~ dovecote.sql_type('text') ~ ", forgotten_at timestamp)"
        ) -%}
        {%- set current = "substr(" ~ dovecote.pseudonym("'salt_check'") ~ ", 1, 4)" if var('dovecote_pseudonymise') else "'none'" -%}
        {%- set unknown = run_query(
            "select count(*) from " ~ dovecote.forgotten_people_relation() ~ " where salt_check <> " ~ current
        ).rows[0][0] -%}
        {%- if unknown -%}
            {%- do dovecote.stop(
                dovecote.forgotten_people_relation() ~ " has " ~ unknown ~ " ids that are pseudonyms of another salt, whose "
                ~ "people would come back: set dovecote_pseudonymise to true and DOVECOTE_SALT to what it was when they were forgotten."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Whether anybody is to be kept out; where nobody is, nothing is looked for. #}
{% macro has_forgotten_people() %}
    {%- if not execute -%} {{- return(false) -}} {%- endif -%}
    {{- return(
        dovecote.has_history_table('forgotten_people')
        and run_query("select count(*) from " ~ dovecote.forgotten_people_relation()).rows[0][0] > 0
    ) -}}
{% endmacro %}
