with

run as (

    select * from {{ ref("dovecote", "int_core__run") }}

),

kept_runs as (

    select distinct
        run_id,
        as_of,
        as_of_date
    from {{ ref("dovecote", "hist_customer_lifecycle") }}

),

green_runs as (
    {{ dovecote.green_runs(ref("dovecote", "mart_builds")) | indent(4) }}
),

previous_run as (

    select
        kept_runs.run_id,
        kept_runs.as_of,
        kept_runs.as_of_date
    from kept_runs
    inner join green_runs
        on kept_runs.run_id = green_runs.run_id
    inner join run
        on kept_runs.as_of_date < run.as_of_date
    qualify row_number() over (order by kept_runs.as_of_date desc) = 1

),

stages_then as (

    select lifecycle.*
    from {{ ref("dovecote", "hist_customer_lifecycle") }} as lifecycle
    inner join previous_run
        on lifecycle.run_id = previous_run.run_id

),

stages_now as (

    select * from {{ ref("dovecote", "mart_customer_lifecycle") }}

),

segments_then as (

    select rfm.*
    from {{ ref("dovecote", "hist_customer_rfm") }} as rfm
    inner join previous_run
        on rfm.run_id = previous_run.run_id

),

segments_now as (

    select * from {{ ref("dovecote", "mart_customer_rfm") }}

),

cut_points as (

    select * from {{ ref("dovecote", "mart_rfm_cut_points") }}

),

segment_names as (

    select * from {{ ref("dovecote", "int_customers__rfm_segments") }}

),

risks_then as (

    select scores.*
    from {{ ref("dovecote", "hist_churn_scores") }} as scores
    inner join previous_run
        on scores.run_id = previous_run.run_id

),

risks_now as (

    select * from {{ ref("dovecote", "mart_churn_scores") }}

),

customer_merges as (

    select * from {{ ref("dovecote", "int_core__customer_merges") }}

),

orders as (

    select * from {{ ref("dovecote", "int_core__orders") }}
    where is_customer_purchase

),

last_purchase_days as (

    select * from {{ ref("dovecote", "int_customers__purchase_days") }}
    where next_purchase_date is null

),

visit_days as (

    select * from {{ ref("dovecote", "int_churn__visit_days") }}

),

-- Two customers then are one now: its numbers changed without its doing anything.
merged_since as (

    select distinct customer_merges.customer_id
    from customer_merges
    inner join stages_then
        on customer_merges.from_customer_id = stages_then.customer_id
    where customer_merges.from_customer_id <> customer_merges.customer_id

),

ordered as (

    select
        orders.customer_id,
        count(case when orders.ordered_at >= previous_run.as_of then 1 end) as orders_since,
        count(case when orders.ordered_at < previous_run.as_of then 1 end) as earlier_orders,
        max(case when orders.ordered_at < previous_run.as_of then orders.order_date end) as last_earlier_date,
        max(case when orders.refunded_at >= previous_run.as_of then orders.refunded_at end) as refunded_at
    from orders
    cross join previous_run
    group by orders.customer_id

),

visited as (

    select
        visit_days.customer_id,
        max(visit_days.visit_date) as last_visit_date,
        max(
            case when visit_days.visit_date <= previous_run.as_of_date then visit_days.visit_date end
        ) as last_earlier_date,
        max(visit_days.last_at) >= max(previous_run.as_of) as is_since
    from visit_days
    cross join previous_run
    group by visit_days.customer_id

),

moves as (

    select
        segments_now.customer_id,
        'rfm_segment' as changed,
        'order' as activity,
        0 as horizon_days,
        segments_then.rfm_segment as from_value,
        segments_now.rfm_segment as to_value,
        cast(null as double) as from_churn_probability,
        cast(null as double) as to_churn_probability,
        cast(null as string) as from_model_name,
        cast(null as string) as to_model_name,
        cast(null as string) as from_model_version,
        cast(null as string) as to_model_version
    from segments_then
    inner join segments_now
        on segments_then.customer_id = segments_now.customer_id
    where segments_then.rfm_segment <> segments_now.rfm_segment

    union all

    select
        stages_now.customer_id,
        'lifecycle_stage' as changed,
        'order' as activity,
        0 as horizon_days,
        stages_then.stage as from_value,
        stages_now.stage as to_value,
        cast(null as double) as from_churn_probability,
        cast(null as double) as to_churn_probability,
        cast(null as string) as from_model_name,
        cast(null as string) as to_model_name,
        cast(null as string) as from_model_version,
        cast(null as string) as to_model_version
    from stages_then
    inner join stages_now
        on stages_then.customer_id = stages_now.customer_id
    where stages_then.stage <> stages_now.stage

    union all

    select
        risks_now.customer_id,
        'risk_band' as changed,
        risks_now.activity,
        risks_now.horizon_days,
        risks_then.risk_band as from_value,
        risks_now.risk_band as to_value,
        risks_then.churn_probability as from_churn_probability,
        risks_now.churn_probability as to_churn_probability,
        risks_then.model_name as from_model_name,
        risks_now.model_name as to_model_name,
        risks_then.model_version as from_model_version,
        risks_now.model_version as to_model_version
    from risks_then
    inner join risks_now
        on
            risks_then.customer_id = risks_now.customer_id
            and risks_then.activity = risks_now.activity
            and risks_then.horizon_days = risks_now.horizon_days
    where risks_then.risk_band <> risks_now.risk_band

),

-- What the customer's own numbers of then would be called today tells a moved yardstick from a moved customer.
measured as (

    select
        moves.*,
        run.as_of_date,
        previous_run.as_of_date as previous_as_of_date,
        previous_run.run_id as previous_run_id,
        stages_then.purchases as from_orders,
        stages_now.purchases as to_orders,
        stages_then.cadence_days as from_cadence_days,
        stages_now.cadence_days as to_cadence_days,
        segments_then.r_score as from_r_score,
        segments_now.r_score as to_r_score,
        segments_then.f_score as from_f_score,
        segments_now.f_score as to_f_score,
        5 - {{ dovecote.cut_points_below("recency_days", "segments_then.recency_days") | indent(8) }} as r_score_by_now,
        1 + {{ dovecote.cut_points_below("frequency", "segments_then.frequency") | indent(8) }} as f_score_by_now,
        {{ dovecote.lifecycle_stage(
            "stages_then.purchases",
            "stages_then.recency_days",
            "stages_now.cadence_days",
            "last_purchase_days.gap_days",
        ) | indent(8) }} as stage_by_now,
        {{ dovecote.lifecycle_stage(
            "stages_now.purchases", "0", "stages_now.cadence_days", "last_purchase_days.gap_days"
        ) | indent(8) }} as stage_on_ordering,
        {{ dovecote.risk_band("moves.from_churn_probability") | indent(8) }} as risk_band_by_now,
        case
            when moves.changed = 'rfm_segment' then segments_then.recency_days
            when moves.activity = 'order' then stages_then.recency_days
            else {{ dovecote.days_between("visited.last_earlier_date", "previous_run.as_of_date") }}
        end as from_recency_days,
        case
            when moves.changed = 'rfm_segment' then segments_now.recency_days
            when moves.activity = 'order' then stages_now.recency_days
            else {{ dovecote.days_between("visited.last_visit_date", "run.as_of_date") }}
        end as to_recency_days,
        last_purchase_days.purchase_date as last_order_date,
        visited.last_visit_date,
        coalesce(ordered.orders_since, 0) > 0 as has_ordered,
        coalesce(visited.is_since, false) as has_visited,
        coalesce(ordered.earlier_orders, 0) as earlier_orders,
        coalesce(ordered.earlier_orders, 0) <> stages_then.purchases
        or coalesce(
            ordered.last_earlier_date
            <> {{ dovecote.date_plus_days("previous_run.as_of_date", "-stages_then.recency_days") }},
            false
        ) as is_past_corrected,
        {{ dovecote.local_date("ordered.refunded_at") }} as refunded_date
    from moves
    cross join run
    cross join previous_run
    inner join stages_then
        on moves.customer_id = stages_then.customer_id
    inner join stages_now
        on moves.customer_id = stages_now.customer_id
    left join segments_then
        on moves.customer_id = segments_then.customer_id
    left join segments_now
        on moves.customer_id = segments_now.customer_id
    left join last_purchase_days
        on moves.customer_id = last_purchase_days.customer_id
    left join ordered
        on moves.customer_id = ordered.customer_id
    left join visited
        on moves.customer_id = visited.customer_id
    left join merged_since
        on moves.customer_id = merged_since.customer_id
    where merged_since.customer_id is null

),

explained as (

    select
        measured.*,
        case
            when measured.changed = 'rfm_segment'
                then
                    case
                        when segment_names.rfm_segment = measured.to_value then 'yardstick_moved'
                        when
                            measured.has_ordered
                            and (
                                measured.to_r_score > measured.r_score_by_now
                                or measured.to_f_score > measured.f_score_by_now
                            )
                            then 'ordered'
                        when measured.is_past_corrected then 'past_corrected'
                        else 'time_passed'
                    end
            when measured.changed = 'lifecycle_stage'
                then
                    case
                        when measured.has_ordered and measured.stage_on_ordering = measured.to_value then 'ordered'
                        when measured.has_ordered then 'time_passed'
                        when measured.is_past_corrected then 'past_corrected'
                        when measured.stage_by_now = measured.to_value then 'yardstick_moved'
                        else 'time_passed'
                    end
            when measured.risk_band_by_now = measured.to_value then 'yardstick_moved'
            when measured.to_churn_probability < measured.from_churn_probability
                then
                    case
                        when measured.activity = 'order' and measured.has_ordered then 'ordered'
                        when
                            measured.has_visited
                            and (measured.activity = 'visit' or measured.to_model_name = 'logistic')
                            then 'visited'
                        when measured.from_model_name <> measured.to_model_name then 'model_replaced'
                        when measured.activity = 'order' and measured.is_past_corrected then 'past_corrected'
                        else 'model_refitted'
                    end
            when measured.from_model_name <> measured.to_model_name then 'model_replaced'
            when measured.activity = 'order' and measured.is_past_corrected then 'past_corrected'
            when measured.to_model_name = 'logistic' and measured.refunded_date is not null then 'refunded'
            when measured.to_recency_days > measured.from_recency_days then 'time_passed'
            else 'model_refitted'
        end as cause
    from measured
    left join segment_names
        on measured.r_score_by_now = segment_names.r_score and measured.f_score_by_now = segment_names.f_score

),

worded as (

    select
        *,
        case
            when cause = 'ordered' then 'ordered on ' || cast(last_order_date as string)
            when cause = 'visited' then 'visited on ' || cast(last_visit_date as string)
            when cause = 'refunded' then 'an order was refunded on ' || cast(refunded_date as string)
            when cause = 'time_passed' and activity = 'visit'
                then 'no visit for ' || cast(to_recency_days as string) || ' days'
            when cause = 'time_passed' and changed = 'lifecycle_stage'
                then
                    'no order for ' || cast(to_recency_days as string) || ' days, where '
                    || cast({{ dovecote.decimal_of("to_cadence_days", 1) }} as string) || ' are usual'
            when cause = 'time_passed' then 'no order for ' || cast(to_recency_days as string) || ' days'
            when cause = 'past_corrected' and earlier_orders < from_orders
                then 'an earlier order no longer counts, as it was cancelled or withdrawn'
            when cause = 'past_corrected' and earlier_orders > from_orders then 'an earlier order became known late'
            when cause = 'past_corrected' then 'the date of an earlier order was corrected'
            when cause = 'model_replaced'
                then 'another model is published: ' || to_model_name || ' in place of ' || from_model_name
            when cause = 'model_refitted' then 'the model learned anew, from later days'
            when changed = 'rfm_segment' and r_score_by_now = from_r_score and f_score_by_now = from_f_score
                then 'the scores have other names'
            when changed = 'rfm_segment'
                then 'the shop''s cut-points moved: the customer''s numbers of then give this segment today'
            when changed = 'lifecycle_stage' and from_cadence_days <> to_cadence_days
                then
                    cast({{ dovecote.decimal_of("to_cadence_days", 1) }} as string)
                    || ' days between orders are usual now, '
                    || cast({{ dovecote.decimal_of("from_cadence_days", 1) }} as string) || ' were then'
            when changed = 'lifecycle_stage' then 'the bounds of stages were set anew'
            else 'the bounds of risk bands were set anew'
        end as why
    from explained

),

final as (

    select
        cast(as_of_date as date) as as_of_date,
        cast(previous_as_of_date as date) as previous_as_of_date,
        cast(customer_id as string) as customer_id,
        cast(changed as string) as changed,
        cast(activity as string) as activity,
        cast(horizon_days as integer) as horizon_days,
        cast(from_value as string) as from_value,
        cast(to_value as string) as to_value,
        cast(cause as string) as cause,
        cast(why as string) as why,
        cast(from_recency_days as integer) as from_recency_days,
        cast(to_recency_days as integer) as to_recency_days,
        cast(from_orders as bigint) as from_orders,
        cast(to_orders as bigint) as to_orders,
        cast(from_r_score as integer) as from_r_score,
        cast(to_r_score as integer) as to_r_score,
        cast(from_f_score as integer) as from_f_score,
        cast(to_f_score as integer) as to_f_score,
        cast(from_cadence_days as double) as from_cadence_days,
        cast(to_cadence_days as double) as to_cadence_days,
        cast(from_churn_probability as double) as from_churn_probability,
        cast(to_churn_probability as double) as to_churn_probability,
        cast(from_model_name as string) as from_model_name,
        cast(to_model_name as string) as to_model_name,
        cast(from_model_version as string) as from_model_version,
        cast(to_model_version as string) as to_model_version,
        cast(previous_run_id as string) as previous_run_id
    from worded

)

select * from final
