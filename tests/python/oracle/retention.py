"""Who came back: cohorts by entry, and the periods in which their members returned."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import sqrt

import pandas as pd

from oracle.activity import ACTIVITIES, EntryFilter, actions_of
from oracle.facts import NOTHING, Facts, facts
from oracle.periods import later_period, midnight, period_start, periods_between
from oracle.settings import Row, Settings, Shop, frame

ENTRIES = ("recurring", "first_time", "first_ever")
RETURN_RULES = ("on", "on_or_after")
CLOCKS = ("calendar", "rolling_24h")
BREAKDOWNS = (
    "none",
    "acquisition_channel",
    "country",
    "acquisition_channel_and_country",
    "first_order_channel",
    "first_product_category",
)
Z = 1.959963984540054
ROLLING_LENGTH = {"day": timedelta(hours=24), "week": timedelta(hours=168)}

KINDS = ("entry", "return_rule", "clock", "grain", "activity", "breakdown", "breakdown_value")
MEASURES = (
    "cohort_size",
    "n_mature",
    "n_retained",
    "retention_rate",
    "ci_low",
    "ci_high",
    "orders",
    "net_revenue",
)


@dataclass
class Member:
    """One entry of one person into a cohort, and what followed, by period after it."""

    person_id: str
    entry_at: datetime
    cohort_start: date
    returned_in: set[int]
    bought_in: dict[int, list[Decimal]]


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Give the Wilson 95% interval of a share."""
    share = successes / trials
    scale = 1 + Z * Z / trials
    centre = (share + Z * Z / (2 * trials)) / scale
    half = Z * sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def floored_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _entries(actions: list[Row], entry: str, grain: str, settings: Settings) -> list[Row]:
    """Pick, from one person's ordered actions, those that begin a cohort membership."""
    matching = [action for action in actions if action["is_entry"]]
    if entry == "first_ever":
        # What happened at once with the first action is a first one, too.
        first_at = actions[0]["action_at"]
        return [action for action in matching if action["action_at"] == first_at][:1]
    if entry == "first_time":
        return matching[:1]
    if entry == "recurring":
        first_of_period: dict[date, Row] = {}
        for action in matching:
            start = period_start(action["action_date"], grain, settings.week_start)
            first_of_period.setdefault(start, action)
        return list(first_of_period.values())
    raise ValueError(f"no such entry: {entry!r}; choose one of {ENTRIES}")


def _period_index(
    member_entry: Row, at: datetime, day: date, clock: str, grain: str, settings: Settings
) -> int | None:
    """Say in which period after an entry something happened; None when before it."""
    if clock == "rolling_24h":
        if at < member_entry["action_at"]:
            return None
        return (at - floored_hour(member_entry["action_at"])) // ROLLING_LENGTH[grain]
    cohort_start = period_start(member_entry["action_date"], grain, settings.week_start)
    steps = periods_between(cohort_start, period_start(day, grain, settings.week_start), grain)
    return steps if steps >= 0 else None


def _begins(member: Member, k: int, clock: str, grain: str) -> datetime:
    """Give the instant at which period k begins: local on the calendar, UTC on the rolling clock.

    Period k ends where period k + 1 begins.
    """
    if clock == "rolling_24h":
        return floored_hour(member.entry_at) + k * ROLLING_LENGTH[grain]
    return midnight(later_period(member.cohort_start, grain, k))


def breakdown_value(known: Facts, person_id: str, breakdown: str) -> str:
    """Give the group of a person; it is the same at every entry."""
    value = None
    if breakdown == "none":
        value = "all"
    elif breakdown in ("acquisition_channel", "country"):
        value = known.attributes(person_id).get(breakdown)
    elif breakdown == "acquisition_channel_and_country":
        parts = ("acquisition_channel", "country")
        value = ", ".join(breakdown_value(known, person_id, part) for part in parts)
    elif breakdown in ("first_order_channel", "first_product_category"):
        purchases = known.purchases_of.get(person_id, [])
        if purchases and breakdown == "first_order_channel":
            value = purchases[0]["channel"]
        elif purchases:
            for product_id in sorted(known.items_of.get(purchases[0]["order_id"], [])):
                if product_id in known.category_of:
                    value = known.category_of[product_id]
                    break
    else:
        raise ValueError(f"no such breakdown: {breakdown!r}; choose one of {BREAKDOWNS}")
    return "unknown" if value is None else value


def retention(
    shop: Shop,
    settings: Settings,
    *,
    activity: str,
    entry: str,
    return_rule: str,
    clock: str,
    grain: str,
    breakdown: str = "none",
    entry_filter: EntryFilter | None = None,
) -> pd.DataFrame:
    """Give one row per group, cohort and period since it started."""
    if return_rule not in RETURN_RULES:
        raise ValueError(f"no such return rule: {return_rule!r}; choose one of {RETURN_RULES}")
    if clock not in CLOCKS:
        raise ValueError(f"no such clock: {clock!r}; choose one of {CLOCKS}")
    if clock == "rolling_24h" and grain not in ROLLING_LENGTH:
        raise ValueError("the rolling clock has days and weeks, no months")

    known = facts(shop, settings)
    cohorts: dict[tuple[str, date], list[Member]] = {}
    for person_id, actions in actions_of(shop, settings, activity, entry_filter).items():
        group = breakdown_value(known, person_id, breakdown)
        for first in _entries(actions, entry, grain, settings):

            def index_of(at: datetime, day: date, first: Row = first) -> int | None:
                return _period_index(first, at, day, clock, grain, settings)

            returned_in = {index_of(a["action_at"], a["action_date"]) for a in actions} - {None}
            bought_in: dict[int, list[Decimal]] = {}
            for order in known.purchases_of.get(person_id, []):
                k = index_of(order["ordered_at"], order["order_date"])
                if k is not None:
                    bought_in.setdefault(k, []).append(order["net"])
            cohort_start = period_start(first["action_date"], grain, settings.week_start)
            cohorts.setdefault((group, cohort_start), []).append(
                Member(person_id, first["action_at"], cohort_start, returned_in, bought_in)
            )

    now = settings.as_of_utc if clock == "rolling_24h" else settings.as_of_local
    rows = []
    for (group, cohort_start), members in cohorts.items():
        for k in range(settings.max_periods[grain] + 1):
            if not any(_begins(member, k, clock, grain) < now for member in members):
                break
            mature = [member for member in members if _begins(member, k + 1, clock, grain) <= now]
            if return_rule == "on":
                retained = [member for member in mature if k in member.returned_in]
            else:
                retained = [member for member in mature if max(member.returned_in) >= k]
            bought = [net for member in mature for net in member.bought_in.get(k, [])]
            row = {
                "entry": entry,
                "return_rule": return_rule,
                "clock": clock,
                "grain": grain,
                "activity": activity,
                "breakdown": breakdown,
                "breakdown_value": group,
                "cohort_start": cohort_start,
                "period_index": k,
                "cohort_size": len(members),
                "n_mature": len(mature),
            }
            if mature:
                row["n_retained"] = len(retained)
                row["retention_rate"] = len(retained) / len(mature)
                row["ci_low"], row["ci_high"] = wilson(len(retained), len(mature))
                row["orders"] = len(bought)
                row["net_revenue"] = sum(bought, NOTHING)
            rows.append(dict.fromkeys(MEASURES) | row)
    key = (*KINDS, "cohort_start", "period_index")
    return frame(rows, (*key, *MEASURES), key)


def retention_overall(cells: pd.DataFrame) -> pd.DataFrame:
    """Sum the cells of `retention` over cohorts: retained of mature, never a mean of rates."""
    groups: dict[tuple, list[Row]] = {}
    key = (*KINDS, "period_index")
    names = list(cells.columns)
    for values in cells.itertuples(index=False, name=None):
        cell = dict(zip(names, values, strict=True))
        groups.setdefault(tuple(cell[column] for column in key), []).append(cell)

    rows = []
    for values, group in groups.items():
        mature = [cell for cell in group if cell["n_mature"] > 0]
        row = dict.fromkeys(MEASURES) | dict(zip(key, values, strict=True))
        row["cohort_size"] = sum(cell["cohort_size"] for cell in group)
        row["n_mature"] = sum(cell["n_mature"] for cell in group)
        if mature:
            row["n_retained"] = sum(cell["n_retained"] for cell in mature)
            row["retention_rate"] = row["n_retained"] / row["n_mature"]
            if row["entry"] != "recurring":  # there, people repeat
                row["ci_low"], row["ci_high"] = wilson(row["n_retained"], row["n_mature"])
            row["orders"] = sum(cell["orders"] for cell in mature)
            row["net_revenue"] = sum((cell["net_revenue"] for cell in mature), NOTHING)
        rows.append(row)
    return frame(rows, (*key, *MEASURES), key)


def retention_headline(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per activity and date on which persons were first seen."""
    rows = []
    for activity in ACTIVITIES:
        days_of = {
            person_id: {action["action_date"] for action in actions}
            for person_id, actions in actions_of(shop, settings, activity).items()
        }
        for cohort_date in {min(days) for days in days_of.values()}:
            cohort = [days for days in days_of.values() if min(days) == cohort_date]
            next_month = later_period(cohort_date.replace(day=1), "month", 1)
            after_next = later_period(next_month, "month", 1)

            def share(start: date, end: date, cohort: list[set[date]] = cohort) -> float | None:
                """Give the share active from one day until before another, once that has come."""
                if midnight(end) > settings.as_of_local:
                    return None
                return sum(any(start <= day < end for day in days) for days in cohort) / len(cohort)

            def on_day(k: int, cohort_date: date = cohort_date, share=share) -> float | None:
                return share(
                    later_period(cohort_date, "day", k), later_period(cohort_date, "day", k + 1)
                )

            rows.append(
                {
                    "activity": activity,
                    "cohort_date": cohort_date,
                    "cohort_size": len(cohort),
                    "d1_rate": on_day(1),
                    "d7_rate": on_day(7),
                    "m1_rate": share(next_month, after_next),
                }
            )
    columns = ("activity", "cohort_date", "cohort_size", "d1_rate", "d7_rate", "m1_rate")
    return frame(rows, columns, ("activity", "cohort_date"))
