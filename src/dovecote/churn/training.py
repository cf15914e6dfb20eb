"""Which customers a model may learn from: the snapshots before its cut-off.

A model is asked for at a cut-off date, for a horizon. It learns from up to three earlier
snapshots whose outcomes were known by then. They share a horizon: the one asked for where history
is long enough, else a shorter one. Features are measured in their snapshot's own horizon, which
carries what is learned from one horizon to another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

KEY = ["activity", "horizon_days", "cutoff_date"]
SNAPSHOT_COLUMNS = [*KEY, "snapshot_number", "snapshot_date", "snapshot_horizon_days"]
EXAMPLE_COLUMNS = ["activity", "snapshot_date", "horizon_days", "customer_id", "is_churned"]

MINIMUM_OUTCOMES = 50
CUSTOMERS_OFF_THE_MEDIAN = 10
CUSTOMERS_A_TRAINING_SNAPSHOT = 25_000


@dataclass(frozen=True)
class Snapshot:
    """Customers on a day.

    Attributes
    ----------
    customer_id
        One a customer, ascending.
    values
        Features, shape (customers, features).
    is_churned
        Outcome as 0 or 1, NaN while it is unknown, shape (customers,).
    """

    customer_id: npt.NDArray[Any]
    values: FloatArray
    is_churned: FloatArray

    @property
    def varies(self) -> BoolArray:
        """Say which features differ from their median for enough customers, shape (features,)."""
        differs = self.values != np.median(self.values, axis=0)
        return np.asarray(differs.sum(axis=0) >= CUSTOMERS_OFF_THE_MEDIAN)

    def thinned(self) -> Snapshot:
        """Take every n-th customer, so that as many remain as a dozen coefficients need."""
        step = -(-len(self.values) // CUSTOMERS_A_TRAINING_SNAPSHOT) or 1
        return Snapshot(self.customer_id[::step], self.values[::step], self.is_churned[::step])


@dataclass(frozen=True)
class Task:
    """A model to train.

    Attributes
    ----------
    key
        Activity, horizon in days and cut-off date.
    scored
        Customers at the cut-off.
    training
        Snapshots with outcomes known by the cut-off, the newest first; of many customers, some.
    training_horizon_days
        Their horizon; None without a snapshot.
    varies
        Which features vary in every training snapshot and at the cut-off, shape (features,).
    status
        As given by ``training_status``.
    """

    key: tuple[Any, ...]
    scored: Snapshot
    training: tuple[Snapshot, ...]
    training_horizon_days: int | None
    varies: BoolArray
    status: str


def read_tasks(
    examples: pd.DataFrame,
    snapshots: pd.DataFrame,
    features: Sequence[str],
    minimum_outcomes: int,
) -> Iterator[Task]:
    """Give the models to train, in the order of their keys.

    Parameters
    ----------
    examples
        One row per activity, snapshot_date, horizon_days (the snapshot's own) and customer_id:
        is_churned (null while unknown) and the features.
    snapshots
        One row per activity, horizon_days, cutoff_date and snapshot_number (0 is the cut-off
        itself, 1 the newest training snapshot): snapshot_date and snapshot_horizon_days.
    features
        Columns of ``examples`` to learn from.
    minimum_outcomes
        Fewest customers of the rarer outcome that a model is trained on.

    Yields
    ------
    Task
        One per activity, horizon_days and cutoff_date with customers to score. Snapshots without
        customers teach nothing.

    Raises
    ------
    ValueError
        If a column is missing, a feature is null, or the outcome of a training snapshot is null.
    """
    _require_columns("examples", examples, [*EXAMPLE_COLUMNS, *features])
    _require_columns("snapshots", snapshots, SNAPSHOT_COLUMNS)
    values = examples[list(features)].to_numpy(dtype=float)
    for feature, is_finite in zip(features, np.isfinite(values).all(axis=0), strict=True):
        if not is_finite:
            raise ValueError(
                f"Column {feature} of examples has a null or infinite value: put its neutral one."
            )
    is_churned = np.asarray(examples["is_churned"].astype("boolean").astype("Float64"), np.float64)
    customer_id = examples["customer_id"].to_numpy()
    rows = examples.groupby(["activity", "snapshot_date", "horizon_days"], sort=False).indices
    known: dict[tuple[Any, ...], Snapshot] = {}

    def read(key: tuple[Any, ...]) -> Snapshot:
        if key not in known:
            # A sum of floats depends on their order, which SQL does not promise.
            found = rows[key][np.argsort(customer_id[rows[key]], kind="stable")]
            known[key] = Snapshot(customer_id[found], values[found], is_churned[found])
        return known[key]

    peopled = snapshots.merge(
        examples[["activity", "snapshot_date", "horizon_days"]].drop_duplicates(),
        left_on=["activity", "snapshot_date", "snapshot_horizon_days"],
        right_on=["activity", "snapshot_date", "horizon_days"],
        suffixes=("", "_of_examples"),
    )
    for key, group in peopled.sort_values("snapshot_number").groupby(KEY):
        if group["snapshot_number"].iloc[0] != 0:
            continue
        scored, *training = (
            read((key[0], row.snapshot_date, row.snapshot_horizon_days))
            for row in group.itertuples()
        )
        if any(np.isnan(snapshot.is_churned).any() for snapshot in training):
            raise ValueError(
                f"Column is_churned of examples is null in a training snapshot of {key[2]}: "
                "leave out snapshots whose horizon ends after the cut-off."
            )
        training = [snapshot.thinned() for snapshot in training]
        horizons = group["snapshot_horizon_days"]
        yield Task(
            key=key,
            scored=scored,
            training=tuple(training),
            training_horizon_days=int(horizons.iloc[1]) if training else None,
            varies=np.all([snapshot.varies for snapshot in (scored, *training)], axis=0),
            status=training_status(training, minimum_outcomes),
        )


def training_status(training: Sequence[Snapshot], minimum_outcomes: int) -> str:
    """Say whether snapshots are enough to learn from.

    Returns
    -------
    str
        'trainable', 'no_training_snapshot', 'one_class' or 'too_few_outcomes'.
    """
    if not training:
        return "no_training_snapshot"
    churned = sum(int(snapshot.is_churned.sum()) for snapshot in training)
    stayed = sum(len(snapshot.is_churned) for snapshot in training) - churned
    if min(churned, stayed) == 0:
        return "one_class"
    return "trainable" if min(churned, stayed) >= minimum_outcomes else "too_few_outcomes"


def _require_columns(name: str, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in frame.columns:
            raise ValueError(f"Column {column} is not in {name}: add it.")
