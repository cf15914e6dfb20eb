{# The settings whose names begin with one of some texts, and those that every score depends on. #}
{% macro settings_of(beginnings) %}
    {%- set settings = {} -%}
    {%- for name in dovecote.setting_names() -%}
        {%- for beginning in beginnings + ['dovecote_timezone', 'dovecote_currency'] if name.startswith(beginning) -%}
            {%- do settings.update({name: var(name)}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(settings) }}
{% endmacro %}


{# A hash of what made a score: some texts, the settings and the version of the code. #}
{% macro model_version(texts, settings) -%}
    md5(
        {%- for text in texts %}
        {{ text }} || '|' ||
        {%- endfor %}
        '{{ dovecote.package_version() }}|{{ dovecote.quoted(settings | tojson) }}'
    )
{%- endmacro %}


{# The fingerprints of all inputs as one text, as an aggregate of int_core__input_fingerprints. #}
{% macro all_fingerprints() -%}
    {{ dovecote.joined_in_order(
        "relation_name || ' ' || relation_rows || ' ' || fingerprint", ["relation_name"], ","
    ) }}
{%- endmacro %}
