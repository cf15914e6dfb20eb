{# The shares of customers at which the scores of RFM are cut. #}
{% macro rfm_shares() %}
    {{ return([0.2, 0.4, 0.6, 0.8]) }}
{% endmacro %}


{# The relation that names RFM segments: r_score, f_score, rfm_segment. #}
{% macro rfm_segments() %}
    {%- set name = var('dovecote_rfm_segments') -%}
    {{- return(ref(project_name, name) if name else ref('dovecote', 'rfm_segments')) -}}
{% endmacro %}


{# How many cut-points of a measure lie strictly below a value; the query has mart_rfm_cut_points as cut_points. #}
{% macro cut_points_below(measure, value) -%}
    (
        select count(*) from cut_points
        where cut_points.measure = '{{ measure }}' and cut_points.cut_point < {{ value }}
    )
{%- endmacro %}
