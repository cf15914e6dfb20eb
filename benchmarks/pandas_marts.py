"""Sessions, cohorts and RFM by pandas, as a good analyst would write them: no loops, no apply.

`python benchmarks/pandas_marts.py FOLDER OUT` reads a shop of Parquet files and writes three
frames: `fct_sessions`, the monthly order cohorts of `mart_retention`, and `mart_customer_rfm`. It
serves `make bench`, which holds the frames against the marts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parents[1] / "seeds" / "reference"
SESSION_GAP = pd.Timedelta(minutes=30)
MAX_MONTHS = 12
STEPS = ("view", "search", "cart_add", "checkout", "purchase")
FIRST = {
    "channel": "channel",
    "device": "device",
    "page_path": "landing_page",
    "referrer": "referrer",
}


def main() -> None:
    """Compute and write the three frames."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    people = People(folder)
    sessions(folder, people).to_parquet(out / "fct_sessions.parquet")
    bought = purchases(folder, people)
    cohorts(bought, people.as_of).to_parquet(out / "mart_retention.parquet")
    rfm(bought, people.as_of).to_parquet(out / "mart_customer_rfm.parquet")


class People:
    """Whom ids stand for, who does not count, and as of when."""

    def __init__(self, folder: Path) -> None:
        fixed = os.environ.get("DOVECOTE_AS_OF")
        self.as_of = (
            pd.Timestamp(fixed) if fixed else _latest(folder) + pd.Timedelta(microseconds=1)
        )
        merges = read(
            folder, "customer_merges", ["from_customer_id", "to_customer_id", "merged_at"]
        )
        merges = merges[~(merges["merged_at"] >= self.as_of)]
        stands_for = merges.drop_duplicates().set_index("from_customer_id")["to_customer_id"]
        while (further := stands_for.map(stands_for)).notna().any():
            stands_for = further.fillna(stands_for)
        self.stands_for = stands_for
        self.excluded = self.merged(read(folder, "exclusions", ["customer_id"])["customer_id"])

    def merged(self, ids: pd.Series) -> pd.Series:
        """Give the id that each id stands for."""
        return ids.map(self.stands_for).fillna(ids)


def read(folder: Path, entity: str, columns: list[str]) -> pd.DataFrame:
    """Read columns of an entity, a file or a folder of them."""
    parts = folder / entity
    path = parts if parts.is_dir() else parts.with_suffix(".parquet")
    return pd.read_parquet(path, columns=columns, dtype_backend="numpy_nullable", partitioning=None)


def sessions(folder: Path, people: People) -> pd.DataFrame:
    """Give every session of every person who counts."""
    columns = ["event_id", "customer_id", "anonymous_id", "session_id", "occurred_at", "event_type"]
    events = read(folder, "events", [*columns, *FIRST])
    events = events[events["occurred_at"] < people.as_of].drop_duplicates("event_id")
    vocabulary = pd.read_csv(REFERENCE / "event_vocabulary.csv").set_index("event_type")
    canonical = vocabulary["canonical_type"]
    events["event_type"] = events["event_type"].str.lower().map(canonical).fillna("other")
    events["customer_id"] = people.merged(events["customer_id"])
    events = events.sort_values(["occurred_at", "event_id"], ignore_index=True)
    of_visitor = events.groupby("anonymous_id")["customer_id"]
    events["person_id"] = (
        events["customer_id"]
        .fillna(of_visitor.bfill())
        .fillna(of_visitor.ffill())
        .fillna("anon:" + events["anonymous_id"])
    )
    events["is_anonymous"] = events["customer_id"].isna() & events["person_id"].str.startswith(
        "anon:"
    )
    events = events[events["person_id"].notna() & ~events["person_id"].isin(people.excluded)]

    events["thread"] = events.groupby(
        ["person_id", "session_id"], dropna=False, sort=False
    ).ngroup()
    events = events.sort_values("thread", kind="stable", ignore_index=True)
    is_new_thread = events["thread"] != events["thread"].shift()
    is_gap = events["session_id"].isna() & (events["occurred_at"].diff() > SESSION_GAP)
    events["session"] = (is_new_thread | is_gap.fillna(False)).cumsum()
    for step in STEPS:
        events[f"{step}_at"] = events["occurred_at"].where(events["event_type"] == step)
    events["is_view"] = events["event_type"] == "view"
    grouped = events.groupby("session", sort=False)
    found = grouped.agg(
        first_event_id=("event_id", "first"),
        person_id=("person_id", "first"),
        is_anonymous=("is_anonymous", "min"),
        started_at=("occurred_at", "min"),
        ended_at=("occurred_at", "max"),
        events=("event_id", "size"),
        views=("is_view", "sum"),
        **{f"{step}_at": (f"{step}_at", "min") for step in STEPS},
    )
    # The first event's own words, missing where it has none.
    firsts = events.loc[~events["session"].duplicated(), ["session", "session_id", *FIRST]]
    found = found.join(firsts.set_index("session").rename(columns=FIRST))
    found["session_date"] = found["started_at"].dt.normalize()
    seconds = (found["ended_at"] - found["started_at"]).dt.total_seconds()
    found["duration_seconds"] = seconds
    has = {f"has_{step}": found[f"{step}_at"].notna() for step in STEPS}
    found["is_engaged"] = (found["views"] >= 2) | (seconds >= 10) | has["has_purchase"]
    return found.assign(**has).reset_index(drop=True)


def purchases(folder: Path, people: People) -> pd.DataFrame:
    """Give what counts as bought by whom, with net revenue in the reporting currency."""
    amounts = ["gross_amount", "discount_amount", "refund_amount"]
    columns = [
        "order_id",
        "customer_id",
        "ordered_at",
        "refunded_at",
        "status",
        "status_changed_at",
    ]
    orders = read(folder, "orders", [*columns, *amounts, "currency", "updated_at"])
    orders = orders[orders["ordered_at"] < people.as_of]
    orders = orders.sort_values("updated_at").drop_duplicates("order_id", keep="last")
    orders[amounts] = orders[amounts].astype(float)
    orders.loc[orders["refunded_at"] >= people.as_of, "refund_amount"] = np.nan
    orders.loc[orders["status_changed_at"] >= people.as_of, "status"] = pd.NA

    own = orders["currency"].value_counts().index[0]
    rates = read(folder, "exchange_rates", ["currency", "rate_date", "rate_to_reporting"])
    rates["rate_date"] = pd.to_datetime(rates["rate_date"]).astype(orders["ordered_at"].dtype)
    rates["rate"] = rates["rate_to_reporting"].astype(float)
    orders = pd.merge_asof(
        orders.sort_values("ordered_at"),
        rates.loc[rates["currency"] != own, ["currency", "rate_date", "rate"]].sort_values(
            "rate_date"
        ),
        left_on="ordered_at",
        right_on="rate_date",
        by="currency",
    )
    rate = orders["rate"].fillna(1)
    # Half a ten-thousandth is rounded up, as SQL does; floats lie a little below it.
    money = [
        np.floor(orders[name].fillna(0) * rate * 10_000 + 0.5 + 1e-6) / 10_000 for name in amounts
    ]
    orders["net_amount"] = money[0] - money[1] - money[2]

    policy = pd.read_csv(REFERENCE / "order_status_policy.csv").set_index("status")
    counts = orders["status"].str.lower().map(policy["counts_as_purchase"]).fillna(True)
    orders["customer_id"] = people.merged(orders["customer_id"])
    keeps = counts & orders["customer_id"].notna() & ~orders["customer_id"].isin(people.excluded)
    return orders.loc[keeps.astype(bool), ["customer_id", "ordered_at", "net_amount"]]


def cohorts(bought: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Give the cells of the monthly order cohorts, first_time and on."""
    month = _month(bought["ordered_at"])
    first = month.groupby(bought["customer_id"]).transform("min")
    active = pd.DataFrame(
        {
            "customer_id": bought["customer_id"],
            "cohort": first,
            "period_index": month - first,
            "net_revenue": bought["net_amount"],
        }
    )
    cells = active.groupby(["cohort", "period_index"]).agg(
        n_retained=("customer_id", "nunique"),
        orders=("customer_id", "size"),
        net_revenue=("net_revenue", "sum"),
    )
    size = cells["n_retained"].xs(0, level="period_index")
    full = int(_month(pd.Series([as_of])).iloc[0]) - size.index
    begun = np.minimum(full + (as_of > as_of.to_period("M").start_time), MAX_MONTHS + 1)
    grid = pd.DataFrame(
        {
            "cohort": np.repeat(size.index, begun),
            "period_index": np.concatenate([np.arange(count) for count in begun]),
            "cohort_size": np.repeat(size.to_numpy(), begun),
            "full": np.repeat(full, begun),
        }
    )
    grid = grid.join(cells, on=["cohort", "period_index"])
    is_mature = grid["period_index"] < grid["full"]
    grid["n_mature"] = grid["cohort_size"].where(is_mature, 0)
    counted = ["n_retained", "orders", "net_revenue"]
    grid[counted] = grid[counted].fillna(0).where(is_mature)
    trials, successes, z = grid["n_mature"].where(is_mature), grid["n_retained"], 1.959963984540054
    grid["retention_rate"] = successes / trials
    middle = (successes + z * z / 2) / (trials + z * z)
    half = z * np.sqrt(successes * (trials - successes) / trials + z * z / 4) / (trials + z * z)
    grid["ci_low"], grid["ci_high"] = middle - half, middle + half
    years, months = divmod(grid["cohort"], 12)
    grid["cohort_start"] = pd.to_datetime({"year": years, "month": months + 1, "day": 1})
    return grid.drop(columns=["cohort", "full"])


def rfm(bought: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Give the scores of every customer."""
    found = bought.groupby("customer_id").agg(
        last_at=("ordered_at", "max"),
        frequency=("ordered_at", "size"),
        monetary=("net_amount", "sum"),
    )
    found["recency_days"] = (as_of - found.pop("last_at")) // pd.Timedelta(days=1)
    found["monetary"] = found["monetary"].round(4)
    for score, column in (("r", "recency_days"), ("f", "frequency"), ("m", "monetary")):
        values = found[column].to_numpy(dtype=float)
        cuts = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
        found[f"{score}_score"] = 1 + np.searchsorted(cuts, values, side="left")
    found["r_score"] = 6 - found["r_score"]
    segments = pd.read_csv(REFERENCE / "rfm_segments.csv")
    return found.reset_index().merge(segments, on=["r_score", "f_score"], how="left")


def _month(at: pd.Series) -> pd.Series:
    return at.dt.year * 12 + at.dt.month - 1


def _latest(folder: Path) -> pd.Timestamp:
    times = {
        "orders": ["ordered_at", "refunded_at", "status_changed_at", "delivered_at", "updated_at"],
        "customers": ["created_at", "closed_at", "updated_at"],
        "products": ["updated_at"],
        "events": ["occurred_at"],
        "reviews": ["created_at"],
        "nps_responses": ["invited_at", "responded_at"],
        "customer_merges": ["merged_at"],
    }
    return max(read(folder, entity, columns).max().max() for entity, columns in times.items())


if __name__ == "__main__":
    main()
