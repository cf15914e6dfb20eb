"""Growth accounting: who is new, still here, back, or gone, and what that did to revenue."""

from datetime import date
from decimal import Decimal

import pandas as pd

from oracle.activity import ACTIVITIES, actions_of
from oracle.facts import NOTHING, facts
from oracle.periods import GRAINS, all_periods, later_period, midnight, period_start
from oracle.retention import BREAKDOWNS, breakdown_value
from oracle.settings import Row, Settings, Shop, frame

COLUMNS = (
    "grain",
    "period_start",
    "activity",
    "new_customers",
    "returning_customers",
    "resurrecting_customers",
    "dormant_customers",
    "active_customers",
    "quick_ratio",
    "is_complete",
    "revenue",
    "new_revenue",
    "resurrected_revenue",
    "expansion_revenue",
    "contraction_revenue",
    "churned_revenue",
    "revenue_change",
)


def _revenue(
    now: dict[str, Decimal],
    before: dict[str, Decimal],
    new: set[str],
    returning: set[str],
    resurrecting: set[str],
    dormant: set[str],
    is_complete: bool,
) -> Row:
    row = {
        "revenue": sum(now.values(), NOTHING),
        "new_revenue": sum((now[person] for person in new), NOTHING),
        "resurrected_revenue": sum((now[person] for person in resurrecting), NOTHING),
    }
    if is_complete:
        changes = [now[person] - before[person] for person in returning]
        expansion = sum((change for change in changes if change > 0), NOTHING)
        contraction = sum((-change for change in changes if change < 0), NOTHING)
        churned = sum((before[person] for person in dormant), NOTHING)
        row["expansion_revenue"] = expansion
        row["contraction_revenue"] = contraction
        row["churned_revenue"] = churned
        row["revenue_change"] = (
            row["new_revenue"] + row["resurrected_revenue"] + expansion - contraction - churned
        )
    return row


def growth_accounting(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per grain, period and activity, with no period left out."""
    rows = []
    for activity in ACTIVITIES:
        actions_of_person = actions_of(shop, settings, activity)
        for grain in GRAINS:
            rows += _growth(actions_of_person, actions_of_person, activity, grain, settings)
    return frame(rows, COLUMNS, ("grain", "activity", "period_start"))


def growth_by_breakdown(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per month, activity and breakdown value, with no month left out."""
    known = facts(shop, settings)
    rows = []
    for activity in ACTIVITIES:
        actions_of_person = actions_of(shop, settings, activity)
        for breakdown in BREAKDOWNS[1:]:
            groups: dict[str, dict[str, list[Row]]] = {}
            for person_id, actions in actions_of_person.items():
                value = breakdown_value(known, person_id, breakdown)
                groups.setdefault(value, {})[person_id] = actions
            for value, group in groups.items():
                rows += [
                    row | {"breakdown": breakdown, "breakdown_value": value}
                    for row in _growth(group, actions_of_person, activity, "month", settings)
                ]
    columns = ("month_start", "breakdown", "breakdown_value", *COLUMNS[2:])
    for row in rows:
        row["month_start"] = row["period_start"]
    return frame(rows, columns, ("month_start", "activity", "breakdown", "breakdown_value"))


def _growth(
    actions_of_person: dict[str, list[Row]],
    everybody: dict[str, list[Row]],
    activity: str,
    grain: str,
    settings: Settings,
) -> list[Row]:
    """Follow a group of persons through the periods since anybody was first active."""
    # What each active person spent in each period (nothing, for a visit).
    spent: dict[date, dict[str, Decimal]] = {}
    for person_id, actions in actions_of_person.items():
        for action in actions:
            start = period_start(action["action_date"], grain, settings.week_start)
            persons = spent.setdefault(start, {})
            persons[person_id] = persons.get(person_id, NOTHING) + action.get("net", 0)

    days = [action["action_date"] for actions in everybody.values() for action in actions]
    if not days:
        return []
    first = period_start(min(days), grain, settings.week_start)
    last = period_start(settings.as_of_date, grain, settings.week_start)
    rows = []
    seen: set[str] = set()
    before: dict[str, Decimal] = {}
    for start in all_periods(first, last, grain):
        now = spent.get(start, {})
        new = set(now) - seen
        returning = set(now) & set(before)
        resurrecting = set(now) - new - returning
        dormant = set(before) - set(now)
        is_complete = midnight(later_period(start, grain, 1)) <= settings.as_of_local
        row = dict.fromkeys(COLUMNS) | {
            "grain": grain,
            "period_start": start,
            "activity": activity,
            "new_customers": len(new),
            "returning_customers": len(returning),
            "resurrecting_customers": len(resurrecting),
            "active_customers": len(now),
            "is_complete": is_complete,
        }
        if is_complete:
            row["dormant_customers"] = len(dormant)
            if dormant:
                row["quick_ratio"] = (len(new) + len(resurrecting)) / len(dormant)
        if activity == "order":
            row |= _revenue(now, before, new, returning, resurrecting, dormant, is_complete)
        rows.append(row)
        seen |= set(now)
        before = now
    return rows
