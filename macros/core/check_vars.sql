{# Stops the run at its start on a var or a combination of inputs that makes no sense. #}
{% macro check_vars() %}
    {%- if execute -%}
        {%- if dovecote.input_folder() and var('dovecote_orders') -%}
            {%- do dovecote.stop("DOVECOTE_DATA and the var dovecote_orders are both set: unset one, as a run reads a folder or relations, never both.") -%}
        {%- endif -%}
        {%- for entity in dovecote.input_entities() -%}
            {%- if var('dovecote_' ~ entity) and not var('dovecote_orders') -%}
                {%- do dovecote.stop("the var dovecote_" ~ entity ~ " is set without dovecote_orders: orders are required.") -%}
            {%- endif -%}
        {%- endfor -%}

        {%- do dovecote.check_names() -%}
        {%- do dovecote.check_choice('dovecote_week_start', dovecote.weekdays()) -%}
        {%- do dovecote.check_number('dovecote_session_gap_minutes', 1, 1440) -%}
        {%- do dovecote.check_number('dovecote_max_quarantine_share', 0, 1) -%}
        {%- do dovecote.check_whole_number('dovecote_allowed_lateness_days', 0, 36500) -%}
        {%- do dovecote.check_number('dovecote_left_censored_days', 0, 3650) -%}
        {#- Of one only, the version would go that a reader is just about to open. -#}
        {%- do dovecote.check_whole_number('dovecote_published_versions_kept', 2, 100000) -%}
        {%- do dovecote.check_number('dovecote_event_paths_steps', 1, 100) -%}
        {%- do dovecote.check_number('dovecote_event_paths_kept', 1, 100000) -%}
        {%- do dovecote.check_number('dovecote_lifecycle_default_cadence_days', 1, 3650) -%}
        {%- do dovecote.check_number('dovecote_lifecycle_cadence_prior_gaps', 0, 1000) -%}
        {%- if var('dovecote_history_kept_dates') is not none -%}
            {%- do dovecote.check_whole_number('dovecote_history_kept_dates', 1, 1000000) -%}
        {%- endif -%}
        {%- if var('dovecote_csv_delimiter') | string | length != 1 -%}
            {%- do dovecote.stop("dovecote_csv_delimiter is '" ~ var('dovecote_csv_delimiter') ~ "': give one character.") -%}
        {%- endif -%}
        {%- do dovecote.check_date('dovecote_history_start', var('dovecote_history_start'), '%Y-%m-%d', '2024-01-31') -%}
        {%- do dovecote.check_as_of() -%}
        {%- do dovecote.check_lifecycle_multiples() -%}
        {%- do dovecote.check_retention_combinations() -%}
        {%- do dovecote.check_churn() -%}
        {%- do dovecote.check_recommendations() -%}
        {%- do dovecote.check_timezone() -%}
        {%- do dovecote.check_pseudonyms() -%}
    {%- endif -%}
{% endmacro %}


{# The days that a week can start on. #}
{% macro weekdays() %}
    {{ return(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']) }}
{% endmacro %}


{# Stops the run where a var, or a value in it, is none of its choices. #}
{% macro check_choice(name, choices, value=none) %}
    {%- set value = var(name) if value is none else value -%}
    {%- if value not in choices -%}
        {%- do dovecote.stop(name ~ " is '" ~ value ~ "': choose one of " ~ choices | join(', ') ~ ".") -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run where a var is no number between two others. #}
{% macro check_number(name, lowest, highest) %}
    {%- set value = var(name) -%}
    {%- if value is not number or value is boolean or not (lowest <= value <= highest) -%}
        {%- do dovecote.stop(name ~ " is '" ~ value ~ "': give a number from " ~ lowest ~ " to " ~ highest ~ ".") -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run where a var is no whole number between two others. #}
{% macro check_whole_number(name, lowest, highest) %}
    {%- do dovecote.check_number(name, lowest, highest) -%}
    {%- if var(name) is not integer -%}
        {%- do dovecote.stop(name ~ " is '" ~ var(name) ~ "': give a whole number.") -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run where a value is no date of a format. #}
{% macro check_date(name, value, format, example) %}
    {%- if value -%}
        {%- set read = run_query("select try_strptime('" ~ dovecote.quoted(value | string) ~ "', '" ~ format ~ "')").rows[0][0] -%}
        {%- if read is none -%}
            {%- do dovecote.stop(name ~ " is '" ~ value ~ "': write it like " ~ example ~ ".") -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run where DOVECOTE_AS_OF is no instant, or lies in the future. #}
{% macro check_as_of() %}
    {%- set value = dovecote.fixed_as_of() -%}
    {%- if value -%}
        {%- set instant = run_query("select " ~ dovecote.read_as('timestamp', "'" ~ dovecote.quoted(value) ~ "'")).rows[0][0] -%}
        {%- if instant is none -%}
            {%- do dovecote.stop("DOVECOTE_AS_OF is '" ~ value ~ "': write it like 2024-01-31 or 2024-01-31T12:00:00Z.") -%}
        {%- elif instant > run_started_at.replace(tzinfo=none) -%}
            {%- do dovecote.stop("DOVECOTE_AS_OF is '" ~ value ~ "', which has not come yet: give an instant in the past, or unset it.") -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run on a time zone that nobody knows, and on a connection that is not in UTC. #}
{% macro check_timezone() %}
    {%- set name = var('dovecote_timezone') -%}
    {%- if not dovecote.is_timezone(name | string) -%}
        {%- do dovecote.stop("dovecote_timezone is '" ~ name ~ "': give a name of the IANA time zone database, such as Europe/Berlin.") -%}
    {%- endif -%}
    {%- set session = dovecote.session_timezone() -%}
    {%- if session not in ['UTC', 'Etc/UTC'] -%}
        {%- do dovecote.stop("the connection's time zone is " ~ session ~ ": add settings: {TimeZone: UTC} to the profile.") -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run where pseudonyms are asked for and the salt cannot make them. #}
{% macro check_pseudonyms() %}
    {%- do dovecote.check_choice('dovecote_pseudonymise', [true, false]) -%}
    {%- do dovecote.check_choice('dovecote_dashboard_customer_ids', [true, false]) -%}
    {%- if var('dovecote_pseudonymise') -%}
        {%- set length = run_query("select length(" ~ dovecote.salt() ~ ")").rows[0][0] -%}
        {%- if length is none or length < 16 -%}
            {%- do dovecote.stop(
                "dovecote_pseudonymise is true, but " ~ ("there is no salt" if length is none else "the salt has " ~ length ~ " characters")
                ~ ": set DOVECOTE_SALT to a secret of at least 16, and have plugins: [{module: dovecote.pseudonyms}] in the profile."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run where the bounds of lifecycle stages do not rise. #}
{% macro check_lifecycle_multiples() %}
    {%- set multiples = var('dovecote_lifecycle_multiples') -%}
    {%- set bounds = [multiples.active, multiples.at_risk, multiples.lapsed] if multiples is mapping else [none] -%}
    {%- if bounds | reject('number') | list or not 0 < bounds[0] < bounds[1] < bounds[2] -%}
        {%- do dovecote.stop("dovecote_lifecycle_multiples is " ~ multiples ~ ": give active, at_risk and lapsed, each larger than the one before.") -%}
    {%- endif -%}
{% endmacro %}


{# Stops the run on a combination of retention choices that makes no sense, or stands twice. #}
{% macro check_retention_combinations() %}
    {%- set choices = dovecote.retention_choices() -%}
    {%- set seen = [] -%}
    {%- for combination in dovecote.retention_combinations() -%}
        {%- for part, allowed in choices.items() -%}
            {%- do dovecote.check_choice("dovecote_retention_combinations, " ~ part, allowed, combination.get(part, '')) -%}
        {%- endfor -%}
        {%- for part in combination if part not in choices and part != 'breakdowns' -%}
            {%- do dovecote.stop("dovecote_retention_combinations has '" ~ part ~ "' in " ~ combination ~ ": the parts are " ~ choices.keys() | join(', ') ~ " and breakdowns.") -%}
        {%- endfor -%}
        {%- if not combination.get('breakdowns', ['none']) -%}
            {%- do dovecote.stop("dovecote_retention_combinations has no breakdowns in " ~ combination ~ ": give a list such as [none].") -%}
        {%- endif -%}
        {%- for breakdown in combination.get('breakdowns', ['none']) -%}
            {%- do dovecote.check_choice("dovecote_retention_combinations, breakdowns", dovecote.retention_breakdowns(), breakdown) -%}
            {%- set key = [combination.activity, combination.entry, combination.return_rule, combination.clock, combination.grain, breakdown] | join(' ') -%}
            {%- if key in seen -%}
                {%- do dovecote.stop("dovecote_retention_combinations lists " ~ combination ~ " twice for breakdown " ~ breakdown ~ ": keep one.") -%}
            {%- endif -%}
            {%- do seen.append(key) -%}
        {%- endfor -%}
        {%- if combination.clock == 'rolling_24h' and combination.grain == 'month' -%}
            {%- do dovecote.stop("dovecote_retention_combinations has the clock rolling_24h with the grain month, which is no number of hours: use day or week.") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for activity in var('dovecote_retention_entry_filters') -%}
        {%- do dovecote.check_choice("dovecote_retention_entry_filters, activity", choices.activity, activity) -%}
    {%- endfor -%}
    {%- for grain in choices.grain -%}
        {%- set periods = var('dovecote_retention_max_periods')[grain] -%}
        {%- if periods is not integer or periods < 1 -%}
            {%- do dovecote.stop("dovecote_retention_max_periods has " ~ grain ~ " '" ~ periods ~ "': give a whole number of at least 1 for day, week and month.") -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# Stops the run on settings of churn, value and alerts that make no sense. #}
{% macro check_churn() %}
    {%- for activity in var('dovecote_churn_activities') -%}
        {%- do dovecote.check_choice('dovecote_churn_activities', ['order', 'visit'], activity) -%}
    {%- endfor -%}
    {%- if var('dovecote_churn_activities') and 'order' not in var('dovecote_churn_activities') -%}
        {%- do dovecote.stop("dovecote_churn_activities is " ~ var('dovecote_churn_activities') ~ ": name order too, which alerts are about, or nothing for no churn scores at all.") -%}
    {%- endif -%}
    {%- set horizons = var('dovecote_churn_horizons') -%}
    {%- if horizons is string or horizons is not sequence or not horizons or horizons | reject('integer') | list
        or horizons | unique | list | length < horizons | length or horizons | min < 1 or horizons | max > 3650 -%}
        {%- do dovecote.stop("dovecote_churn_horizons is " ~ horizons ~ ": give a list of different whole numbers of days from 1 to 3650, such as [30, 60, 90].") -%}
    {%- endif -%}
    {%- do dovecote.check_choice('dovecote_churn_engine', ['native', 'lifetimes']) -%}
    {%- do dovecote.check_whole_number('dovecote_churn_evaluation_cutoffs', 1, 24) -%}
    {%- do dovecote.check_whole_number('dovecote_churn_training_snapshots', 1, 24) -%}
    {%- do dovecote.check_whole_number('dovecote_churn_sample_customers', 1000, 1000000000) -%}
    {%- do dovecote.check_whole_number('dovecote_churn_min_customers', 1, 1000000000) -%}
    {%- do dovecote.check_whole_number('dovecote_churn_min_repeat_customers', 1, 1000000000) -%}
    {%- do dovecote.check_whole_number('dovecote_churn_min_history_days', 1, 36500) -%}
    {%- set bands = var('dovecote_churn_risk_bands') -%}
    {%- if bands is not mapping or bands.medium is not number or bands.high is not number
        or not 0 < bands.medium < bands.high < 1 -%}
        {%- do dovecote.stop("dovecote_churn_risk_bands is " ~ bands ~ ": give medium and high, two probabilities with medium below high.") -%}
    {%- endif -%}
    {%- do dovecote.check_number('dovecote_value_discount_rate', 0, 10) -%}
    {%- if var('dovecote_alert_horizon_days') is not none -%}
        {%- do dovecote.check_choice('dovecote_alert_horizon_days', horizons) -%}
    {%- endif -%}
    {%- do dovecote.check_number('dovecote_alert_min_churn_probability', 0, 1) -%}
    {%- do dovecote.check_number('dovecote_alert_min_expected_loss', 0, 1000000000000) -%}
    {%- do dovecote.check_number('dovecote_alert_min_rise', 0, 1000000000000) -%}
    {%- do dovecote.check_whole_number('dovecote_alert_daily_capacity', 0, 1000000000) -%}
    {%- do dovecote.check_whole_number('dovecote_alert_cooldown_days', 0, 36500) -%}
{% endmacro %}


{# Stops the run on settings of recommendations that make no sense. #}
{% macro check_recommendations() %}
    {%- do dovecote.check_whole_number('dovecote_recommendations_per_list', 1, 1000) -%}
    {%- set weights = var('dovecote_recommendation_signal_weights') -%}
    {%- set signals = ['purchase', 'view', 'cart_add', 'favourite', 'rating'] -%}
    {%- if weights is not mapping or weights.keys() | sort != signals | sort or weights.values() | reject('number') | list
        or weights.values() | min < 0 or weights.purchase <= 0 -%}
        {%- do dovecote.stop("dovecote_recommendation_signal_weights is " ~ weights ~ ": give " ~ signals | join(', ') ~ ", each a number of at least 0, and purchase above 0.") -%}
    {%- endif -%}
    {%- if var('dovecote_recommendation_max_per_category') is not none -%}
        {%- do dovecote.check_whole_number('dovecote_recommendation_max_per_category', 1, 1000) -%}
    {%- endif -%}
    {%- set band = var('dovecote_recommendation_price_band') -%}
    {%- if band is not none and (band is not mapping or band.lowest is not number or band.highest is not number
        or not 0 <= band.lowest < band.highest) -%}
        {%- do dovecote.stop("dovecote_recommendation_price_band is " ~ band ~ ": give lowest and highest, two multiples of what a customer usually pays, or null.") -%}
    {%- endif -%}
    {%- do dovecote.check_number('dovecote_recommendation_min_repeat_share', 0, 1) -%}
    {%- do dovecote.check_whole_number('dovecote_recommendation_repeat_days', 0, 3650) -%}
    {%- do dovecote.check_whole_number('dovecote_recommendation_cart_days', 0, 3650) -%}
    {%- do dovecote.check_choice('dovecote_recommendation_segment', ['acquisition_channel', 'country', 'city', 'gender', 'loyalty_tier']) -%}
    {%- do dovecote.check_whole_number('dovecote_recommendation_evaluation_cutoffs', 1, 24) -%}
    {%- do dovecote.check_whole_number('dovecote_recommendation_evaluation_days', 1, 365) -%}
    {%- do dovecote.check_whole_number('dovecote_recommendation_sample_customers', 1, 1000000000) -%}
    {%- do dovecote.check_number('dovecote_recommendation_memory_gb', 0.1, 1000) -%}
    {%- do dovecote.check_whole_number('dovecote_association_min_baskets', 1, 1000000000) -%}
    {%- do dovecote.check_number('dovecote_association_min_support', 0, 1) -%}
    {%- if var('dovecote_association_window_days') is not none -%}
        {%- do dovecote.check_whole_number('dovecote_association_window_days', 1, 3650) -%}
    {%- endif -%}
{% endmacro %}


{# The vars beside those that name the inputs. #}
{% macro setting_names() %}
    {{ return([
        'dovecote_csv_delimiter',
        'dovecote_max_quarantine_share',
        'dovecote_allowed_lateness_days',
        'dovecote_schema_prefix',
        'dovecote_published_versions_kept',
        'dovecote_history_kept_dates',
        'dovecote_pseudonymise',
        'dovecote_dashboard_customer_ids',
        'dovecote_timezone',
        'dovecote_week_start',
        'dovecote_currency',
        'dovecote_history_start',
        'dovecote_left_censored_days',
        'dovecote_order_status_policy',
        'dovecote_event_vocabulary',
        'dovecote_session_gap_minutes',
        'dovecote_event_paths_steps',
        'dovecote_event_paths_kept',
        'dovecote_retention_combinations',
        'dovecote_retention_max_periods',
        'dovecote_retention_entry_filters',
        'dovecote_lifecycle_multiples',
        'dovecote_lifecycle_default_cadence_days',
        'dovecote_lifecycle_cadence_prior_gaps',
        'dovecote_rfm_segments',
        'dovecote_churn_activities',
        'dovecote_churn_horizons',
        'dovecote_churn_engine',
        'dovecote_churn_evaluation_cutoffs',
        'dovecote_churn_training_snapshots',
        'dovecote_churn_sample_customers',
        'dovecote_churn_min_customers',
        'dovecote_churn_min_repeat_customers',
        'dovecote_churn_min_history_days',
        'dovecote_churn_risk_bands',
        'dovecote_value_discount_rate',
        'dovecote_alert_horizon_days',
        'dovecote_alert_min_churn_probability',
        'dovecote_alert_min_expected_loss',
        'dovecote_alert_min_rise',
        'dovecote_alert_daily_capacity',
        'dovecote_alert_cooldown_days',
        'dovecote_recommendations_per_list',
        'dovecote_recommendation_signal_weights',
        'dovecote_recommendation_max_per_category',
        'dovecote_recommendation_price_band',
        'dovecote_recommendation_min_repeat_share',
        'dovecote_recommendation_repeat_days',
        'dovecote_recommendation_cart_days',
        'dovecote_recommendation_segment',
        'dovecote_recommendation_evaluation_cutoffs',
        'dovecote_recommendation_evaluation_days',
        'dovecote_recommendation_sample_customers',
        'dovecote_recommendation_memory_gb',
        'dovecote_association_min_baskets',
        'dovecote_association_min_support',
        'dovecote_association_window_days',
    ]) }}
{% endmacro %}


{# A mistyped name on the command line would leave its default in force without a word. #}
{% macro check_names() %}
    {%- for name in invocation_args_dict.get('vars', {}) -%}
        {%- if name.startswith('dovecote_')
            and name not in dovecote.setting_names()
            and name.removeprefix('dovecote_') not in dovecote.input_entities() -%}
            {%- do dovecote.stop("there is no var " ~ name ~ ": the vars are " ~ dovecote.setting_names() | join(', ') ~ " and dovecote_<entity>.") -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
