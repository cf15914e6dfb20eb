"""Random forest and gradient boosting: scores where outcomes are known, from the past alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from churn_examples import FEATURES, GROUPS, log_odds, simulated_examples, snapshot
from sklearn.metrics import roc_auc_score

from dovecote.churn import challenger_scores, logistic_coefficients

MODELS = ["random_forest", "gradient_boosting"]


def bend(values: pd.DataFrame) -> pd.Series:
    return 3 * np.sign((values["recency"] - 1) * (values["activity_rate"] + 2))


def test_they_find_an_interaction_that_a_line_cannot_follow() -> None:
    examples, snapshots = simulated_examples(
        log_odds=bend, intercepts=(0.0, 0.0, 0.0), customers=2_000
    )
    customers = snapshot(examples, 0).set_index("customer_id")
    churned = customers["is_churned"].astype(int)
    scores = challenger_scores(examples, snapshots, FEATURES)
    best = roc_auc_score(churned, bend(customers))
    for model_name in MODELS:
        score = scores[scores["model_name"] == model_name].set_index("customer_id")
        probability = score["churn_probability"].reindex(customers.index)
        assert roc_auc_score(churned, probability) > best - 0.03
        assert probability.between(0, 1).all()
        # Four standard errors of a rate among 2,000, and the forecast's own.
        assert probability.mean() == pytest.approx(churned.mean(), abs=0.06)
    line = log_odds(logistic_coefficients(examples, snapshots, GROUPS), customers)
    assert roc_auc_score(churned, line) < best - 0.2


def test_the_outcomes_that_grade_them_do_not_train_them() -> None:
    examples, snapshots = simulated_examples(customers=500, intercepts=(0.0, 0.0))
    is_cutoff = examples["snapshot_date"] == snapshots["cutoff_date"].max()
    turned = examples.assign(
        is_churned=examples["is_churned"].mask(is_cutoff, ~examples["is_churned"])
    )
    pd.testing.assert_frame_equal(
        challenger_scores(turned, snapshots, FEATURES),
        challenger_scores(examples, snapshots, FEATURES),
        check_exact=True,
    )


def test_the_order_of_rows_does_not_matter() -> None:
    examples, snapshots = simulated_examples(customers=500, intercepts=(0.0, 0.0))
    pd.testing.assert_frame_equal(
        challenger_scores(examples.sample(frac=1, random_state=1), snapshots, FEATURES),
        challenger_scores(examples, snapshots, FEATURES),
        check_exact=True,
    )


def test_every_customer_of_a_graded_cutoff_is_scored_once_by_each() -> None:
    examples, snapshots = simulated_examples(customers=300, intercepts=(0.0, 0.0))
    scores = challenger_scores(examples, snapshots, FEATURES)
    for model_name in MODELS:
        scored = scores.loc[scores["model_name"] == model_name, "customer_id"]
        assert sorted(scored) == sorted(snapshot(examples, 0)["customer_id"])
    assert set(scores["model_name"]) == set(MODELS)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one.assign(is_churned=one["is_churned"].mask(one.index < 300, pd.NA)),
        lambda one: one.assign(is_churned=True),
        lambda one: one.assign(**dict.fromkeys(FEATURES, 0.0)),
    ],
    ids=["not yet known", "one class", "nothing varies"],
)
def test_without_a_grade_or_anything_to_learn_there_is_no_score(spoil) -> None:  # type: ignore[no-untyped-def]
    examples, snapshots = simulated_examples(customers=300, intercepts=(0.0, 0.0))
    full = challenger_scores(examples, snapshots, FEATURES)
    empty = challenger_scores(spoil(examples), snapshots, FEATURES)
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
    assert full["churn_probability"].dtype == float


def test_of_many_customers_some_are_learned_from_and_all_are_scored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, 0.0), customers=999)
    monkeypatch.setattr("dovecote.churn.training.CUSTOMERS_A_TRAINING_SNAPSHOT", 500)
    every_second = snapshot(examples, 1).iloc[::2]
    fewer = pd.concat([snapshot(examples, 0), every_second])
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    assert set(fitted["training_customers"]) == {500}
    pd.testing.assert_frame_equal(fitted, logistic_coefficients(fewer, snapshots, GROUPS))
    scores = challenger_scores(examples, snapshots, FEATURES)
    assert scores.groupby("model_name")["customer_id"].nunique().tolist() == [999, 999]
