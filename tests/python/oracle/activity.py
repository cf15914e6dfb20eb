"""What persons do, and how many do it, day by day."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

import pandas as pd

from oracle.facts import NOTHING, facts
from oracle.periods import all_periods
from oracle.sessions import sessions
from oracle.settings import Row, Settings, Shop, frame

ACTIVITIES = ("visit", "order")
EntryFilter = Callable[[Row], bool]


@lru_cache(maxsize=8)
def _actions(shop: Shop, settings: Settings, activity: str) -> dict[str, list[Row]]:
    known = facts(shop, settings)
    if activity == "visit":
        source, person, key, at, day = (
            known.visits,
            "person_id",
            "event_id",
            "occurred_at",
            "event_date",
        )
    elif activity == "order":
        source, person, key, at, day = (
            known.customer_purchases,
            "customer_id",
            "order_id",
            "ordered_at",
            "order_date",
        )
    else:
        raise ValueError(f"no such activity: {activity!r}; choose one of {ACTIVITIES}")
    of_person: dict[str, list[Row]] = {}
    for row in source:
        action = {
            **row,
            "activity": activity,
            "person_id": row[person],
            "action_id": row[key],
            "action_at": row[at],
            "action_date": row[day],
        }
        of_person.setdefault(action["person_id"], []).append(action)
    for actions in of_person.values():
        actions.sort(key=lambda action: (action["action_at"], action["action_id"]))
    return of_person


def actions_of(
    shop: Shop, settings: Settings, activity: str, entry_filter: EntryFilter | None = None
) -> dict[str, list[Row]]:
    """Give each person's actions in order, each saying whether it may be an entry.

    An action has the columns of the event or order it is, and activity, person_id, action_id,
    action_at (UTC), action_date (local), is_entry.
    """
    return {
        person_id: [
            {**action, "is_entry": entry_filter is None or bool(entry_filter(action))}
            for action in actions
        ]
        for person_id, actions in _actions(shop, settings, activity).items()
    }


def customer_days(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per person, activity and local date on which it happened."""
    rows = []
    for activity in ACTIVITIES:
        for person_id, actions in actions_of(shop, settings, activity).items():
            for day in {action["action_date"] for action in actions}:
                today = [action for action in actions if action["action_date"] == day]
                is_order = activity == "order"
                rows.append(
                    {
                        "person_id": person_id,
                        "activity": activity,
                        "activity_date": day,
                        "actions": len(today),
                        "first_at": today[0]["action_at"],
                        "last_at": today[-1]["action_at"],
                        "orders": len(today) if is_order else 0,
                        "net_revenue": sum((order["net"] for order in today), NOTHING)
                        if is_order
                        else NOTHING,
                    }
                )
    columns = (
        "person_id",
        "activity",
        "activity_date",
        "actions",
        "first_at",
        "last_at",
        "orders",
        "net_revenue",
    )
    return frame(rows, columns, ("person_id", "activity", "activity_date"))


def _trailing(active: dict[date, set[str]], day: date, first: date, days: int) -> int | None:
    """Count the persons of the last so many days; None until there are so many days."""
    start = day - timedelta(days=days - 1)
    if start < first:
        return None
    return len(set().union(*(active.get(d, set()) for d in all_periods(start, day, "day"))))


def activity_daily(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per activity and local date, from its first to the as-of date."""
    all_sessions = sessions(shop, settings).to_dict("records")
    rows = []
    for activity in ACTIVITIES:
        active: dict[date, set[str]] = {}
        newcomers: dict[date, int] = {}
        for person_id, actions in actions_of(shop, settings, activity).items():
            for action in actions:
                active.setdefault(action["action_date"], set()).add(person_id)
            first_date = actions[0]["action_date"]
            newcomers[first_date] = newcomers.get(first_date, 0) + 1
        if not active:
            continue
        first = min(active)
        for day in all_periods(first, settings.as_of_date, "day"):
            mau = _trailing(active, day, first, 30)
            row = {
                "activity_date": day,
                "activity": activity,
                "dau": len(active.get(day, set())),
                "wau": _trailing(active, day, first, 7),
                "mau": mau,
                "stickiness": len(active.get(day, set())) / mau if mau else None,
                "new_customers": newcomers.get(day, 0),
                "sessions": None,
                "engaged_sessions": None,
                "avg_session_seconds": None,
            }
            if activity == "visit":
                today = [session for session in all_sessions if session["session_date"] == day]
                row["sessions"] = len(today)
                row["engaged_sessions"] = sum(session["is_engaged"] for session in today)
                if today:
                    seconds = sum(session["duration_seconds"] for session in today)
                    row["avg_session_seconds"] = seconds / len(today)
            rows.append(row)
    columns = (
        "activity_date",
        "activity",
        "dau",
        "wau",
        "mau",
        "stickiness",
        "sessions",
        "engaged_sessions",
        "avg_session_seconds",
        "new_customers",
    )
    return frame(rows, columns, ("activity", "activity_date"))
