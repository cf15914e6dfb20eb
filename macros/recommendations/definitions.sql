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


{#
    The lists that are scored, the published ones and those that they are graded against. A list has a task (`all`
    products, or `new` ones, which the customer never bought), and an SQL score of columns of scored candidates.
#}
{% macro scored_lists() %}
    {{ return([
        {
            'method_name': 'published', 'task': 'all', 'is_published': true,
            'score': 'blend_trend * (own_score + similar_weight * similar_score)',
        },
        {
            'method_name': 'published', 'task': 'new', 'is_published': true,
            'score': 'discover_trend * (own_score + similar_weight * similar_score)',
        },
        {'method_name': 'ease', 'task': 'all', 'is_published': false, 'score': 'similar_score'},
        {'method_name': 'ease', 'task': 'new', 'is_published': false, 'score': 'similar_score'},
        {'method_name': 'personal_frequency', 'task': 'all', 'is_published': false, 'score': 'own_weight'},
    ]) }}
{% endmacro %}


{# The published list of a task. #}
{% macro list_of_task(task) -%}
    case {{ task }} when 'all' then 'blend' when 'new' then 'discover' end
{%- endmacro %}


{# Whether a product costs about what the customer usually pays; true without a price or a band. #}
{% macro is_in_price_band(product_price, customer_price) -%}
    {%- set band = var('dovecote_recommendation_price_band') -%}
    {%- if band -%}
        coalesce({{ product_price }} between {{ band['lowest'] }} * {{ customer_price }} and {{ band['highest'] }} * {{ customer_price }}, true)
    {%- else -%}
        true
    {%- endif -%}
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
