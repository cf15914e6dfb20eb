{# How much of something some days old counts: half after each half-life. #}
{% macro decay(age_days, half_life_days) -%}
    power(0.5, {{ age_days }} / {{ half_life_days }})
{%- endmacro %}


{# What a customer owns of a product, from its decayed baskets and signals; a staple does not drown the rest. #}
{% macro owned_weight(decayed_count) -%}
    ln(1 + greatest({{ decayed_count }}, 0))
{%- endmacro %}


{# Share of a product's buyers who bought it again, held by the share of all products as if so many more had bought. #}
{% macro repeat_share(repeat_buyers, buyers, shop_share, prior_buyers) -%}
    (({{ repeat_buyers }} + {{ prior_buyers }} * {{ shop_share }}) / ({{ buyers }} + {{ prior_buyers }}))
{%- endmacro %}


{# The published list of a task. #}
{% macro list_of_task(task) -%}
    case {{ task }} when 'all' then 'blend' when 'new' then 'discover' end
{%- endmacro %}


{#
    The lowest or highest price that a customer is to be shown; null without a rule. Lists of the past, which are graded
    beside other methods, are made without the shop's own restrictions.
#}
{% macro price_bound(which, is_as_of, usual_price) -%}
    {%- set band = var('dovecote_recommendation_price_band') -%}
    cast(case when {{ is_as_of }} then {{ band[which] if band else "null" }} * {{ usual_price }} end as double)
{%- endmacro %}


{# Whether a product costs what a customer is to be shown; true where either is not known. #}
{% macro is_in_price_band(product_price, tastes) -%}
    coalesce({{ product_price }} >= {{ tastes }}.lowest_price, true)
    and coalesce({{ product_price }} <= {{ tastes }}.highest_price, true)
{%- endmacro %}


{# A mean over some gaps of a product, held by that of the shop; a product without gaps has the shop's. #}
{% macro held_by_shop(product_mean, shop_mean, gaps) -%}
    (coalesce({{ gaps }} * {{ product_mean }}, 0) + {{ dovecote.gap_prior_of_products() }} * {{ shop_mean }})
    / (coalesce({{ gaps }}, 0) + {{ dovecote.gap_prior_of_products() }})
{%- endmacro %}

{# Gaps of the shop that are added to those of a product. #}
{% macro gap_prior_of_products() %}{{ return(10) }}{% endmacro %}

{# Gaps of a product's mean length that are added to those of a customer. #}
{% macro gap_prior_of_customers() %}{{ return(3) }}{% endmacro %}


{# Nine in ten of a normal distribution lie below this many deviations, so an 80% interval reaches as far both ways. #}
{% macro normal_quantile_of_90_percent() %}{{ return(1.2815515655446004) }}{% endmacro %}


{# How often and when a customer bought something, in words. #}
{% macro bought_in_words(baskets, last_date) -%}
    case when {{ baskets }} = 1 then 'bought once, on ' else 'bought ' || {{ baskets }} || ' times, last on ' end
    || cast({{ last_date }} as string)
{%- endmacro %}


{# Interests, written like a|b, "a, b", a;b or ["a", "b"], or one of them, as |a|b|. #}
{% macro as_interests(text) -%}
    '|' || replace(replace(translate(lower({{ text }}), ',;[]"', '|||||'), '| ', '|'), ' |', '|') || '|'
{%- endmacro %}
