"""Customers of a stationary shop of one channel, whose purchases follow MBG/NBD, as Parquet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dovecote.simulate.purchases import CHANNELS, draw_heterogeneity, draw_purchases
from dovecote.simulate.season import Season
from dovecote.simulate.settings import DAY, Settings

WINDOW = Settings(customers=1, days=546, seed=0, stationary=True)
CHANNEL = "search"
BLOCK = 250_000
HISTORIES, PURCHASE_DAYS = "histories.parquet", "purchase_days.parquet"
AS_OF_DATE = np.datetime64(int(WINDOW.end_at) - DAY, "s").astype("datetime64[D]")


def write_customers(customers: int, folder: Path, *, seed: int) -> None:
    """Draw customers and write their histories and their purchase days.

    Parameters
    ----------
    customers
        How many.
    folder
        Where ``histories.parquet`` (customer_id, repeat_days, first_to_last_days, age_days) and
        ``purchase_days.parquet`` (customer_id, purchase_date) go.
    seed
        Of the random draws.
    """
    rng = np.random.default_rng(seed)
    season = Season(WINDOW)
    channel = list(CHANNELS).index(CHANNEL)
    files: dict[str, pq.ParquetWriter] = {}
    for start in range(0, customers, BLOCK):
        size = min(BLOCK, customers - start)
        rate, dropout = draw_heterogeneity(rng, np.full(size, channel))
        first_at = season.arrivals(rng, size)
        drawn = draw_purchases(rng, season, first_at, rate, dropout, np.full(size, np.nan))
        day = (drawn.at // DAY).astype(np.int64)
        person, day = np.divmod(np.unique(drawn.person * DAY + day), DAY)
        repeats = np.bincount(person) - 1
        last = np.cumsum(repeats + 1) - 1
        first = last - repeats
        ids = pa.array([f"c{number}" for number in range(start, start + size)])
        tables = {
            HISTORIES: pa.table(
                {
                    "customer_id": ids,
                    "repeat_days": repeats,
                    "first_to_last_days": day[last] - day[first],
                    "age_days": AS_OF_DATE.astype(np.int64) - day[first],
                }
            ),
            PURCHASE_DAYS: pa.table(
                {"customer_id": ids.take(pa.array(person)), "purchase_date": day.view("M8[D]")}
            ),
        }
        for name, table in tables.items():
            if name not in files:
                files[name] = pq.ParquetWriter(folder / name, table.schema)
            files[name].write_table(table)
    for file in files.values():
        file.close()
