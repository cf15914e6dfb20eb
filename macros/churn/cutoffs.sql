{# The horizons, one row each. #}
{% macro churn_horizons() -%}
    {%- for horizon in var('dovecote_churn_horizons') %}
        select {{ horizon }} as horizon_days {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# Days of outcome that a past snapshot can have: the horizon asked for, or half of a shorter history. #}
{% macro training_horizon_days(horizon_days, history_days) -%}
    least({{ horizon_days }}, cast(floor(({{ history_days }}) / 2.0) as integer))
{%- endmacro %}


{# Shortest horizon that teaches anything about coming back. #}
{% macro shortest_training_horizon_days() %}{{ return(7) }}{% endmacro %}


{# How far back alerts compare a customer's expected loss. #}
{% macro alert_comparison_days() %}{{ return(28) }}{% endmacro %}


{# The last day that had ended at as_of, from int_core__run: only whole days can end a horizon. #}
{% macro last_whole_date() -%}
    case
        when as_of_local = cast(as_of_date as timestamp) + interval 1 day then as_of_date
        else {{ dovecote.date_plus_days("as_of_date", -1) }}
    end
{%- endmacro %}
