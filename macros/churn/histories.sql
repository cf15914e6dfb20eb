{#
    Each customer's history of one activity at each cut-off: the sufficient statistics of purchase models, on distinct
    days, and the spend of the days after the first.

    actions: a relation of activity, customer_id, activity_date, cancelled_date, gross_amount, discount_amount,
        refund_amount, refunded_date, one row per action.
    cutoffs: a relation of activity, cutoff_date, is_as_of.
    customers: a relation of customer_id, known_from_date (the day from which accounts were known to be one customer;
        before it there is no history, as nobody knew whose it was) and is_in_sample.
#}
{% macro activity_histories(actions, cutoffs, customers) %}
    known_actions as (

        select
            cutoffs.activity,
            cutoffs.cutoff_date,
            actions.customer_id,
            customers.is_in_sample,
            actions.activity_date,
            {{ dovecote.net_amount(
                "actions.gross_amount",
                "actions.discount_amount",
                "case when actions.refunded_date <= cutoffs.cutoff_date or (actions.refunded_date is null and cutoffs.is_as_of) then actions.refund_amount else 0 end"
            ) }} as net_amount
        from {{ actions }} as actions
        inner join {{ cutoffs }} as cutoffs
            on
                actions.activity = cutoffs.activity
                and actions.activity_date <= cutoffs.cutoff_date
                and (actions.cancelled_date > cutoffs.cutoff_date or actions.cancelled_date is null)
        inner join {{ customers }} as customers
            on actions.customer_id = customers.customer_id
        where cutoffs.is_as_of or coalesce(customers.known_from_date <= cutoffs.cutoff_date, true)

    ),

    activity_days as (

        select
            activity,
            cutoff_date,
            customer_id,
            is_in_sample,
            activity_date,
            sum(net_amount) as net_amount,
            {{ dovecote.days_between(
                "lag(activity_date) over (partition by activity, cutoff_date, customer_id order by activity_date)",
                "activity_date"
            ) }} as gap_days
        from known_actions
        group by activity, cutoff_date, customer_id, is_in_sample, activity_date

    ),

    histories as (

        select
            activity,
            cutoff_date,
            customer_id,
            is_in_sample,
            min(activity_date) as first_date,
            max(activity_date) as last_date,
            count(*) - 1 as repeat_days,
            max_by(gap_days, activity_date) as last_gap_days,
            cast(sum(net_amount) - {{ dovecote.first_by("net_amount", ["activity_date"]) }} as double) as repeat_amount
        from activity_days
        group by activity, cutoff_date, customer_id, is_in_sample

    )
{% endmacro %}
