"""What moved from one build to the next, and why, from what each of the two knew."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from oracle.customers import lifecycle, rfm, rfm_cut_points
from oracle.facts import facts
from oracle.settings import Row, Settings, Shop, plain

LOGISTIC = "logistic"
BANDS = {"medium": 0.5, "high": 0.8}

Key = tuple[str, str, str, int]
"""customer_id, changed, activity, horizon_days."""


@dataclass(frozen=True, eq=False)
class Build:
    """What a build knew, what it published, and by which names of (r_score, f_score).

    risks: by customer, activity and horizon the churn_probability, risk_band and model_name.
    """

    shop: Shop
    settings: Settings
    segment_names: dict[tuple[int, int], str]
    risks: dict[tuple[str, str, int], Row]

    @property
    def stages(self) -> dict[str, Row]:
        return _by_customer(lifecycle(self.shop, self.settings).to_dict("records"))

    @property
    def segments(self) -> dict[str, Row]:
        rows = _by_customer(rfm(self.shop, self.settings).to_dict("records"))
        for row in rows.values():
            row["rfm_segment"] = self.segment_names[row["r_score"], row["f_score"]]
        return rows


def _by_customer(rows: list[Row]) -> dict[str, Row]:
    return {
        row["customer_id"]: {column: plain(value) for column, value in row.items()} for row in rows
    }


class _Customer:
    """One customer at two builds."""

    def __init__(self, customer_id: str, then: Build, now: Build, refunds: dict[str, datetime]):
        self.now = now
        self.asked_at = then.settings.as_of_utc
        known_now = facts(now.shop, now.settings)
        self.purchases = known_now.purchases_of.get(customer_id, [])
        self.since = [o for o in self.purchases if o["ordered_at"] >= self.asked_at]
        known_then = facts(then.shop, then.settings).purchases_of.get(customer_id, [])
        self.known_then = [order["order_date"] for order in known_then]
        self.earlier = [o["order_date"] for o in self.purchases if o["ordered_at"] < self.asked_at]
        self.is_corrected = len(self.earlier) != len(self.known_then) or (
            self.earlier[-1:] != self.known_then[-1:]
        )
        visits = [e for e in known_now.visits if e["customer_id"] == customer_id]
        self.visit_dates = [visit["event_date"] for visit in visits]
        self.has_visited = any(visit["occurred_at"] >= self.asked_at for visit in visits)
        self.refunded_at = max(
            (
                refunds[order["order_id"]]
                for order in self.purchases
                if refunds.get(order["order_id"], datetime.min) >= self.asked_at
            ),
            default=None,
        )

    @property
    def last_gap(self) -> int:
        days = sorted({order["order_date"] for order in self.purchases})
        return (days[-1] - days[-2]).days if len(days) > 1 else 0

    def stage(self, purchases: int, recency: int, cadence: float) -> str:
        overdue = recency / cadence
        if purchases == 0:
            return "prospect"
        for bound, stage in ((6, "lost"), (3, "lapsed"), (1.5, "at_risk")):
            if overdue > bound:
                return stage
        if purchases == 1:
            return "new"
        return "reactivated" if self.last_gap > 3 * cadence else "active"

    def recency_of_visits(self, settings: Settings) -> int | None:
        seen = [day for day in self.visit_dates if day <= settings.as_of_date]
        return (settings.as_of_date - max(seen)).days if seen else None

    def no_order_since(self, recency: int) -> str:
        return f"no order for {recency} days"

    @property
    def ordered(self) -> tuple[str, str]:
        return "ordered", f"ordered on {self.purchases[-1]['order_date']}"

    @property
    def corrected(self) -> tuple[str, str]:
        more = len(self.earlier) - len(self.known_then)
        if more < 0:
            why = "an earlier order no longer counts, as it was cancelled or withdrawn"
        elif more > 0:
            why = "an earlier order became known late"
        else:
            why = "the date of an earlier order was corrected"
        return "past_corrected", why

    def why_segment(self, then: Row, now: Row, cuts: dict[str, list[int]]) -> tuple[str, str]:
        r_today = 5 - sum(cut < then["recency_days"] for cut in cuts["recency_days"])
        f_today = 1 + sum(cut < then["frequency"] for cut in cuts["frequency"])
        if self.now.segment_names[r_today, f_today] == now["rfm_segment"]:
            if (r_today, f_today) == (then["r_score"], then["f_score"]):
                return "yardstick_moved", "the scores have other names"
            numbers = "the customer's numbers of then give this segment today"
            return "yardstick_moved", f"the shop's cut-points moved: {numbers}"
        has_risen = now["r_score"] > r_today or now["f_score"] > f_today
        if self.since and has_risen:
            return self.ordered
        if self.is_corrected:
            return self.corrected
        return "time_passed", self.no_order_since(now["recency_days"])

    def why_stage(self, then: Row, now: Row) -> tuple[str, str]:
        cadence = now["cadence_days"]
        passed = (
            f"{self.no_order_since(now['recency_days'])}, where {_tenths(cadence)} are usual"
            if now["recency_days"] is not None
            else ""
        )
        if self.since:
            if self.stage(now["purchases"], 0, cadence) == now["stage"]:
                return self.ordered
            return "time_passed", passed
        if self.is_corrected:
            return self.corrected
        if self.stage(then["purchases"], then["recency_days"] or 0, cadence) == now["stage"]:
            return (
                "yardstick_moved",
                f"{_tenths(cadence)} days between orders are usual now, "
                f"{_tenths(then['cadence_days'])} were then",
            )
        return "time_passed", passed

    def why_risk(
        self, activity: str, then: Row, now: Row, recency: tuple[int | None, int | None]
    ) -> tuple[str, str]:
        if band(then["churn_probability"]) == now["risk_band"]:
            return "yardstick_moved", "the bounds of risk bands were set anew"
        models = now["model_name"], then["model_name"]
        is_lower = now["churn_probability"] < then["churn_probability"]
        if is_lower and activity == "order" and self.since:
            return self.ordered
        if is_lower and self.has_visited and (activity == "visit" or models[0] == LOGISTIC):
            return "visited", f"visited on {max(self.visit_dates)}"
        if models[0] != models[1]:
            why = f"another model is published: {models[0]} in place of {models[1]}"
            return "model_replaced", why
        if activity == "order" and self.is_corrected:
            return self.corrected
        if not is_lower and models[0] == LOGISTIC and self.refunded_at:
            day = self.now.settings.local_date(self.refunded_at)
            return "refunded", f"an order was refunded on {day}"
        before, after = recency
        if not is_lower and before is not None and after is not None and after > before:
            what = "visit" if activity == "visit" else "order"
            return "time_passed", f"no {what} for {after} days"
        return "model_refitted", "the model learned anew, from later days"


def band(probability: float) -> str:
    """Name the risk of a probability."""
    if probability >= BANDS["high"]:
        return "high"
    return "medium" if probability >= BANDS["medium"] else "low"


def _tenths(days: float) -> str:
    return str(Decimal(days).quantize(Decimal("0.1"), ROUND_HALF_UP))


def score_changes(then: Build, now: Build, refunds: dict[str, datetime]) -> dict[Key, Row]:
    """Give what moved, with why; `refunds` says when an order was refunded."""
    stages = then.stages, now.stages
    segments = then.segments, now.segments
    cuts: dict[str, list[int]] = {}
    for row in rfm_cut_points(now.shop, now.settings).to_dict("records"):
        cuts.setdefault(row["measure"], []).append(row["cut_point"])
    identity = facts(now.shop, now.settings).identity
    merged = {identity.canonical(old) for old in stages[0] if identity.canonical(old) != old}

    moved: dict[Key, Row] = {}
    for customer_id in sorted((stages[0].keys() & stages[1].keys()) - merged):
        customer = _Customer(customer_id, then, now, refunds)
        recency: dict[str, tuple[int | None, int | None]] = {
            "order": (
                stages[0][customer_id]["recency_days"],
                stages[1][customer_id]["recency_days"],
            ),
            "visit": (
                customer.recency_of_visits(then.settings),
                customer.recency_of_visits(now.settings),
            ),
        }

        def move(
            key: tuple[str, str, int],
            values: tuple[str, str],
            recency_days: tuple[int | None, int | None],
            reason: tuple[str, str],
            customer_id: str = customer_id,
        ) -> None:
            moved[customer_id, *key] = {
                "from_value": values[0],
                "to_value": values[1],
                "cause": reason[0],
                "why": reason[1],
                "from_recency_days": recency_days[0],
                "to_recency_days": recency_days[1],
                "from_orders": stages[0][customer_id]["purchases"],
                "to_orders": stages[1][customer_id]["purchases"],
            }

        before, after = (side.get(customer_id) for side in segments)
        if before and after and before["rfm_segment"] != after["rfm_segment"]:
            move(
                ("rfm_segment", "order", 0),
                (before["rfm_segment"], after["rfm_segment"]),
                (before["recency_days"], after["recency_days"]),
                customer.why_segment(before, after, cuts),
            )
        before, after = (side[customer_id] for side in stages)
        if before["stage"] != after["stage"]:
            move(
                ("lifecycle_stage", "order", 0),
                (before["stage"], after["stage"]),
                recency["order"],
                customer.why_stage(before, after),
            )
        for (scored, activity, horizon), after in now.risks.items():
            before = then.risks.get((scored, activity, horizon))
            if scored == customer_id and before and before["risk_band"] != after["risk_band"]:
                move(
                    ("risk_band", activity, horizon),
                    (before["risk_band"], after["risk_band"]),
                    recency[activity],
                    customer.why_risk(activity, before, after, recency[activity]),
                )
    return moved
