"""The logistic model: its optimum, its choices, what it may see, and when it is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from churn_examples import (
    CUTOFF,
    FEATURES,
    GROUPS,
    KEY,
    RHYTHM,
    PenalisedLogistic,
    listed_snapshots,
    log_odds,
    simulated_examples,
    snapshot,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from dovecote.churn import logistic_coefficients

RUNGS = [
    ("rhythm",),
    ("rhythm", "btyd"),
    ("rhythm", "money", "btyd"),
    ("rhythm", "money", "btyd", "behaviour"),
]


def features_of(groups: tuple[str, ...]) -> list[str]:
    return [feature for feature, group in GROUPS.items() if group in groups]


def intercept_row(coefficients: pd.DataFrame) -> pd.Series:
    return coefficients.set_index("feature_name").loc["intercept"]


# --- The fit ---


def test_coefficients_are_those_of_a_general_optimiser() -> None:
    examples, snapshots = simulated_examples(
        {"recency": 0.15}, intercepts=(0.0, 1.0, 0.0, -1.0), customers=500
    )
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    assert intercept_row(fitted)["regularisation"] == 100
    terms = fitted[fitted["feature_name"] != "intercept"]
    oracle = PenalisedLogistic(
        [snapshot(examples, number) for number in (1, 2, 3)],
        list(terms["feature_name"]),
        intercept_row(fitted)["regularisation"],
    )
    assert intercept_row(fitted)["coefficient"] == pytest.approx(oracle.intercept, abs=1e-6)
    np.testing.assert_allclose(terms["coefficient"], oracle.coefficients, atol=1e-6)
    np.testing.assert_allclose(terms["center"], oracle.center)
    np.testing.assert_allclose(terms["scale"], oracle.scale)


def test_true_effects_are_recovered_with_the_intercept_of_the_newest_snapshot() -> None:
    examples, snapshots = simulated_examples(
        intercepts=(0.0, 1.2, -0.4, -1.5), customers=4_000, seed=3
    )
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    by_name = fitted.set_index("feature_name")
    slopes = by_name["coefficient"] / by_name["scale"]
    newest = slopes["intercept"] - (slopes * by_name["center"]).sum()
    # With 12,000 customers standard errors are at most .03 and, for the intercept, .09.
    assert slopes["recency"] == pytest.approx(RHYTHM["recency"], abs=0.15)
    assert slopes["activity_rate"] == pytest.approx(RHYTHM["activity_rate"], abs=0.1)
    assert newest == pytest.approx(1.2, abs=0.3)


def test_without_a_varying_feature_the_forecast_is_the_churn_rate() -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, -1.0))
    fitted = logistic_coefficients(
        examples.assign(**dict.fromkeys(FEATURES, 0.0)), snapshots, GROUPS
    )
    rate = float(snapshot(examples, 1)["is_churned"].mean())
    assert list(fitted["feature_name"]) == ["intercept"]
    assert fitted["coefficient"].item() == pytest.approx(np.log(rate / (1 - rate)), abs=1e-7)
    assert fitted["feature_groups"].item() == ""


# --- The choice ---


@pytest.mark.parametrize(
    ("seed", "effects"),
    [
        (1, RHYTHM),
        (2, {"recency": 0.15}),
        (3, {**RHYTHM, "btyd_log_odds": 0.1}),
        (4, {"recency": 0.2, "mean_value": 0.1}),
        (5, {"visit_days": 1.5}),
    ],
)
def test_the_choice_is_that_of_one_standard_error_worked_by_hand(
    seed: int, effects: dict[str, float]
) -> None:
    examples, snapshots = simulated_examples(effects, customers=250, seed=seed)
    first, second, third = (snapshot(examples, number) for number in (1, 2, 3))
    losses = {
        (groups, penalty): np.concatenate(
            [
                PenalisedLogistic(older, features_of(groups), penalty).log_losses(newest)
                for newest, older in ((first, [second, third]), (second, [third]))
            ]
        )
        for groups in RUNGS
        for penalty in (100.0, 30.0, 10.0, 3.0, 1.0)
    }
    best = losses[min(losses, key=lambda candidate: losses[candidate].mean())]
    groups, penalty = next(
        candidate
        for candidate, loss in losses.items()
        if (loss - best).mean() <= (loss - best).std() / np.sqrt(len(loss))
    )
    chosen = intercept_row(logistic_coefficients(examples, snapshots, GROUPS, minimum_outcomes=1))
    assert (chosen["feature_groups"], chosen["regularisation"]) == ("+".join(groups), penalty)


@pytest.mark.parametrize(
    ("feature", "chosen"),
    [
        ("recency", "rhythm"),
        ("btyd_log_odds", "rhythm+btyd"),
        ("mean_value", "rhythm+money+btyd"),
        ("visit_days", "rhythm+money+btyd+behaviour"),
    ],
)
def test_groups_are_taken_as_far_as_they_predict(feature: str, chosen: str) -> None:
    scale = {"recency": 2.0, "btyd_log_odds": 0.3, "mean_value": 0.5, "visit_days": 5.0}[feature]
    examples, snapshots = simulated_examples({feature: scale})
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    assert set(fitted["feature_groups"]) == {chosen}
    assert set(fitted["feature_name"]) == {"intercept", *features_of(tuple(chosen.split("+")))}


def test_one_snapshot_cannot_be_validated_and_takes_the_default() -> None:
    examples, snapshots = simulated_examples({"visit_days": 5.0}, intercepts=(0.0, 0.0))
    row = intercept_row(logistic_coefficients(examples, snapshots, GROUPS))
    assert row["feature_groups"] == "rhythm+money+btyd"
    assert row["regularisation"] == 1
    assert (row["training_snapshots"], row["training_customers"]) == (1, 1_000)


def test_older_snapshots_with_few_outcomes_do_not_choose() -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, 0.0, -6.5), customers=1_000)
    oldest = snapshot(examples, 2)["is_churned"].sum()
    assert 0 < oldest < 50
    row = intercept_row(logistic_coefficients(examples, snapshots, GROUPS))
    assert row["feature_groups"] == "rhythm+money+btyd"
    assert row["training_snapshots"] == 2


# --- What it may see ---


def test_outcomes_after_the_cutoff_change_nothing() -> None:
    examples, snapshots = simulated_examples()
    before = logistic_coefficients(examples, snapshots, GROUPS)
    later = examples["snapshot_date"] == snapshots["cutoff_date"].max()
    for outcome in (~examples["is_churned"], pd.NA):
        changed = examples.assign(is_churned=examples["is_churned"].mask(later, outcome))
        pd.testing.assert_frame_equal(logistic_coefficients(changed, snapshots, GROUPS), before)


def test_a_cutoff_is_trained_on_its_own_snapshots_only() -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, 2.0, -1.0, -1.0))
    earlier = listed_snapshots(2).assign(
        cutoff_date=lambda listed: listed["cutoff_date"] - pd.Timedelta(days=60),
        snapshot_date=lambda listed: listed["snapshot_date"] - pd.Timedelta(days=60),
    )
    alone = logistic_coefficients(examples, earlier, GROUPS)
    both = logistic_coefficients(examples, pd.concat([snapshots, earlier]), GROUPS)
    pd.testing.assert_frame_equal(both.head(len(alone)), alone)
    assert both.groupby(KEY)["training_snapshots"].first().tolist() == [2, 3]


def test_the_order_of_rows_does_not_matter() -> None:
    examples, snapshots = simulated_examples(customers=500)
    pd.testing.assert_frame_equal(
        logistic_coefficients(
            examples.sample(frac=1, random_state=1),
            snapshots.sample(frac=1, random_state=1),
            GROUPS,
        ),
        logistic_coefficients(examples, snapshots, GROUPS),
        check_exact=True,
    )


def test_a_shorter_training_horizon_is_recorded() -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, 0.0))
    is_cutoff = examples["snapshot_date"] == snapshots["cutoff_date"].max()
    examples["horizon_days"] = examples["horizon_days"].mask(is_cutoff, 90)
    snapshots = snapshots.assign(horizon_days=90, snapshot_horizon_days=[90, 60])
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    assert set(fitted["horizon_days"]) == {90}
    assert set(fitted["training_horizon_days"]) == {60}


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_feature_that_is_constant_in_a_snapshot_has_no_row(number: int) -> None:
    examples, snapshots = simulated_examples()
    constant = snapshot(examples, number).index
    examples.loc[constant, "recency"] = 0.0
    examples.loc[constant[:9], "recency"] = 1.0
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    assert set(fitted["status"]) == {"fitted"}
    assert "recency" not in set(fitted["feature_name"])
    examples.loc[constant[:10], "recency"] = 1.0
    assert "recency" in set(logistic_coefficients(examples, snapshots, GROUPS)["feature_name"])


# --- Refusals ---


@pytest.mark.parametrize(
    ("churned", "snapshots", "status"),
    [
        (49, 1, "too_few_outcomes"),
        (50, 1, "fitted"),
        (951, 1, "too_few_outcomes"),
        (0, 1, "one_class"),
        (1_000, 1, "one_class"),
        (100, 0, "no_training_snapshot"),
    ],
)
def test_refusals_say_why(churned: int, snapshots: int, status: str) -> None:
    examples, _ = simulated_examples(intercepts=(0.0, 0.0), customers=1_000)
    examples["is_churned"] = np.tile(np.arange(1_000) < churned, 2)
    fitted = logistic_coefficients(examples, listed_snapshots(snapshots), GROUPS)
    assert set(fitted["status"]) == {status}
    assert fitted["coefficient"].notna().all() == (status == "fitted")
    if status != "fitted":
        assert list(fitted["feature_name"]) == ["intercept"]
        assert fitted["training_horizon_days"].isna().item() == (snapshots == 0)


def test_separated_outcomes_give_finite_coefficients() -> None:
    examples, snapshots = simulated_examples()
    examples["is_churned"] = examples["recency"] > 1
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    assert np.isfinite(fitted["coefficient"]).all()
    scores = log_odds(fitted, snapshot(examples, 0))
    right = (scores > 0) == snapshot(examples, 0)["is_churned"]
    assert right.mean() > 0.98


def test_a_very_long_tail_still_reaches_the_optimum() -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, 0.0), customers=300)
    # The cube of a Cauchy variable: the largest of 300 is some 17 standard deviations out.
    tail = np.random.default_rng(1).standard_cauchy((len(examples), 2)) ** 3
    examples[["recency", "mean_value"]] = tail
    fitted = logistic_coefficients(examples, snapshots, GROUPS)
    terms = fitted[fitted["feature_name"] != "intercept"]
    oracle = PenalisedLogistic([snapshot(examples, 1)], list(terms["feature_name"]), penalty=1.0)
    np.testing.assert_allclose(terms["coefficient"], oracle.coefficients, atol=1e-4)


@pytest.mark.filterwarnings("error")
def test_the_solver_hands_over_to_a_slower_one_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = LogisticRegression.fit

    def fit_with_a_warning(
        regression: LogisticRegression, design: np.ndarray, churned: np.ndarray
    ) -> LogisticRegression:
        warnings.warn("It will now resort to lbfgs.", ConvergenceWarning, stacklevel=2)
        return fit(regression, design, churned)

    monkeypatch.setattr(LogisticRegression, "fit", fit_with_a_warning)
    examples, snapshots = simulated_examples(intercepts=(0.0, 0.0), customers=400)
    assert set(logistic_coefficients(examples, snapshots, GROUPS)["status"]) == {"fitted"}


def test_no_snapshots_give_an_empty_table_of_the_same_types() -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, 0.0))
    empty = logistic_coefficients(examples.head(0), snapshots.head(0), GROUPS)
    assert len(empty) == 0
    full = logistic_coefficients(examples, snapshots, GROUPS)
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)


def test_a_snapshot_that_nobody_was_a_customer_at_teaches_nothing() -> None:
    examples, snapshots = simulated_examples(intercepts=(0.0, 0.0, 0.0))
    oldest = snapshots["snapshot_date"].min()
    without_oldest = examples[examples["snapshot_date"] > oldest]
    pd.testing.assert_frame_equal(
        logistic_coefficients(without_oldest, snapshots, GROUPS),
        logistic_coefficients(without_oldest, snapshots[snapshots["snapshot_number"] < 2], GROUPS),
    )
    unscored = examples[examples["snapshot_date"] < CUTOFF]
    assert logistic_coefficients(unscored, snapshots, GROUPS).empty


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda one: one.drop(columns="recency"), "Column recency is not in examples"),
        (lambda one: one.drop(columns="is_churned"), "Column is_churned is not in examples"),
        (lambda one: one.assign(recency=np.nan), "Column recency of examples has a null"),
        (lambda one: one.assign(recency=np.inf), "Column recency of examples has a null or infin"),
        (lambda one: one.assign(is_churned=pd.NA), "Column is_churned of examples is null"),
    ],
)
def test_bad_examples_are_refused(spoil, message: str) -> None:  # type: ignore[no-untyped-def]
    examples, snapshots = simulated_examples(customers=50)
    with pytest.raises(ValueError, match=message):
        logistic_coefficients(spoil(examples), snapshots, GROUPS)


def test_bad_snapshots_and_groups_are_refused() -> None:
    examples, snapshots = simulated_examples(customers=50)
    with pytest.raises(ValueError, match="Column snapshot_number is not in snapshots"):
        logistic_coefficients(examples, snapshots.drop(columns="snapshot_number"), GROUPS)
    with pytest.raises(ValueError, match="Group tempo of feature recency is unknown"):
        logistic_coefficients(examples, snapshots, {**GROUPS, "recency": "tempo"})
