-- How good lists were at past cut-offs, beside other methods.
select
    task,
    method_name,
    is_published,
    count(*) as cutoffs,
    avg(ndcg) as ndcg,
    min(ndcg) as ndcg_lowest,
    max(ndcg) as ndcg_highest
from mart_recommendation_evaluation
where k = 10
group by all
order by task, ndcg desc, method_name
