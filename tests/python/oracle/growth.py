"""Growth accounting: who is new, still here, back, or gone, and what that did to revenue."""

from datetime import date
from decimal import Decimal

import pandas as pd

from oracle.activity import ACTIVITIES, actions_of
from oracle.facts import NOTHING
from oracle.periods import GRAINS, all_periods, later_period, midnight, period_start
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
        if not actions_of_person:
            continue
        for grain in GRAINS:
            # What each active person spent in each period (nothing, for a visit).
            spent: dict[date, dict[str, Decimal]] = {}
            for person_id, actions in actions_of_person.items():
                for action in actions:
                    start = period_start(action["action_date"], grain, settings.week_start)
                    persons = spent.setdefault(start, {})
                    persons[person_id] = persons.get(person_id, NOTHING) + action.get("net", 0)

            last = period_start(settings.as_of_date, grain, settings.week_start)
            seen: set[str] = set()
            before: dict[str, Decimal] = {}
            for start in all_periods(min(spent), last, grain):
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
    return frame(rows, COLUMNS, ("grain", "activity", "period_start"))
