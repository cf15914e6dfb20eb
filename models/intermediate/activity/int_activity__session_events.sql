-- Events of persons, each in its session. An input session_id wins; the other events of the person part where
-- nothing happened for longer than the session gap.
with

events as (

    select * from {{ ref("dovecote", "int_core__events") }}
    where person_id is not null and not is_excluded

),

gaps as (

    select
        *,
        {{ dovecote.microseconds_between("lag(occurred_at) over session_so_far", "occurred_at") }} / 1000000.0
            as seconds_since_previous
    from events
    window session_so_far as (partition by person_id, session_id order by occurred_at, event_id)

),

numbered as (

    select
        *,
        sum(
            case
                when seconds_since_previous is null then 1
                when
                    session_id is null and seconds_since_previous > 60 * {{ var("dovecote_session_gap_minutes") }}
                    then 1
                else 0
            end
        ) over (
            partition by person_id, session_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from gaps

),

final as (

    select
        md5(
            first_value(event_id) over (
                partition by person_id, session_id, session_number
                order by occurred_at, event_id
            )
        ) as session_key,
        person_id,
        session_id,
        event_id,
        occurred_at,
        event_type,
        is_anonymous,
        channel,
        device,
        page_path,
        referrer,
        search_term,
        result_count
    from numbered

)

select * from final
