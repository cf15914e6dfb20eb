"""The models of the implicit package, each tuned on the validation window."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from numpy.typing import NDArray
from scipy import sparse

from dovecote.recommend.baskets import BasketCounts

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]
Scorer = Callable[[IntArray], FloatArray]


class Setting(NamedTuple):
    """A model of implicit, what its weights are, and its parameters."""

    model: str
    weights: str
    parameters: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        """Name the model and its parameters."""
        return " ".join([self.weights, *(f"{name}={value:g}" for name, value in self.parameters)])


def settings() -> Iterator[Setting]:
    """Yield every setting that is tried."""
    for weights in ("baskets", "ln(1 + baskets)"):
        for factors in (64, 128):
            for regularization in (1.0, 10.0):
                yield Setting(
                    "ALS", weights, (("factors", factors), ("regularization", regularization))
                )
        for neighbours in (50, 200, 1000):
            yield Setting("cosine", weights, (("K", neighbours),))
            for k1, b in ((1.2, 0.75), (20.0, 0.25), (100.0, 0.5)):
                yield Setting("BM25", weights, (("K", neighbours), ("K1", k1), ("B", b)))


def fitted(setting: Setting, baskets: BasketCounts) -> Scorer:
    """Fit a model on one thread and give what scores customers at some positions."""
    chosen = baskets.counts if setting.weights == "baskets" else baskets.log_counts
    weights = sparse.csr_matrix(chosen)
    parameters: dict[str, Any] = dict(setting.parameters)
    if setting.model == "ALS":
        model = AlternatingLeastSquares(
            **parameters, alpha=1.0, iterations=15, num_threads=1, random_state=1
        )
        model.fit(weights.astype(np.float32), show_progress=False)
        return lambda rows: model.user_factors[rows] @ model.item_factors.T
    kind = BM25Recommender if setting.model == "BM25" else CosineRecommender
    neighbours = kind(**parameters, num_threads=1)
    with warnings.catch_warnings():
        # It transposes its own matrix into a format that it warns about.
        warnings.simplefilter("ignore")
        neighbours.fit(weights, show_progress=False)
    return lambda rows: (weights[rows] @ neighbours.similarity).toarray()
