"""Random shops, small enough to count by hand in Python."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def basket_counts(customers: int, products: int, seed: int, mean: float = 0.5) -> NDArray[np.int64]:
    """Draw baskets of customers and products; tastes and popularity differ."""
    rng = np.random.default_rng(seed)
    taste = rng.gamma(0.7, size=(customers, 2)) @ rng.gamma(0.7, size=(2, products))
    counts = rng.poisson(mean * taste / taste.mean())
    counts[np.arange(customers), rng.integers(products, size=customers)] += 1
    counts[rng.integers(customers, size=products), np.arange(products)] += 1
    return counts


def weights_of(counts: NDArray[np.int64]) -> pd.DataFrame:
    """Write counts as a table; ids sort as positions do."""
    customer, product = np.nonzero(counts)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:03d}" for number in customer],
            "product_id": [f"p{number:03d}" for number in product],
            "basket_count": counts[customer, product],
        }
    )
