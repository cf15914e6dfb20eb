-- No cut-point of a measure lies below the one before it.
{{ config(store_failures_as="view") }}

with

cut_points as (

    select
        *,
        lag(cut_point) over (partition by measure order by cut_point_number) as previous_cut_point
    from {{ ref("dovecote", "mart_rfm_cut_points") }}

)

select
    measure,
    cut_point_number,
    cut_point,
    previous_cut_point
from cut_points
where cut_point < previous_cut_point
