{# How much of something some days old counts: half after each half-life. #}
{% macro decay(age_days, half_life_days) -%}
    power(0.5, {{ age_days }} / {{ half_life_days }})
{%- endmacro %}


{# What a customer owns of a product, from its decayed baskets and signals; a staple does not drown the rest. #}
{% macro owned_weight(decayed_count) -%}
    ln(1 + greatest({{ decayed_count }}, 0))
{%- endmacro %}


{#
    Share of a product's buyers who bought it again. A product with few buyers is held by the share of all products,
    as if this many more had bought it.
#}
{% macro repeat_share(repeat_buyers, buyers, shop_share) -%}
    (({{ repeat_buyers }} + {{ dovecote.repeat_prior_buyers() }} * {{ shop_share }}) / ({{ buyers }} + {{ dovecote.repeat_prior_buyers() }}))
{%- endmacro %}

{% macro repeat_prior_buyers() %}{{ return(10) }}{% endmacro %}


{# The published list of a task. #}
{% macro list_of_task(task) -%}
    case {{ task }} when 'all' then 'blend' when 'new' then 'discover' end
{%- endmacro %}


{# The lowest or highest price that a customer is to be shown; null without a rule. #}
{% macro price_bound(which, usual_price) -%}
    {%- set band = var('dovecote_recommendation_price_band') -%}
    cast({{ band[which] ~ " * " ~ usual_price if band else "null" }} as double)
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

{% macro gap_prior_of_products() %}{{ return(10) }}{% endmacro %}

{% macro gap_prior_of_customers() %}{{ return(3) }}{% endmacro %}


{# Nine in ten of a normal distribution lie below this many deviations, so an 80% interval reaches as far both ways. #}
{% macro normal_quantile_of_90_percent() %}{{ return(1.2815515655446004) }}{% endmacro %}


{# How often and when a customer bought something, in words. #}
{% macro bought_in_words(baskets, last_date) -%}
    case when {{ baskets }} = 1 then 'bought once, on ' else 'bought ' || {{ baskets }} || ' times, last on ' end
    || cast({{ last_date }} as string)
{%- endmacro %}
