"""Sessions: one person's events, in runs."""

from datetime import timedelta

import pandas as pd

from oracle.facts import facts
from oracle.settings import Row, Settings, Shop, frame

STEPS = ("view", "search", "cart_add", "checkout", "purchase")
COLUMNS = (
    "person_id",
    "started_at",
    "ended_at",
    "session_date",
    "duration_seconds",
    "events",
    "views",
    "is_engaged",
    *(f"has_{step}" for step in STEPS),
    *(f"{step}_at" for step in STEPS),
)


def _runs_of(events: list[Row], gap: timedelta) -> list[list[Row]]:
    """Split one person's events, given in order, into sessions."""
    named: dict[str, list[Row]] = {}
    runs: list[list[Row]] = []
    for event in events:
        if event["session_id"] is not None:
            named.setdefault(event["session_id"], []).append(event)
        elif runs and event["occurred_at"] - runs[-1][-1]["occurred_at"] <= gap:
            runs[-1].append(event)
        else:
            runs.append([event])
    return runs + list(named.values())


def sessions(shop: Shop, settings: Settings) -> pd.DataFrame:
    """Give one row per person and session."""
    gap = timedelta(minutes=settings.session_gap_minutes)
    events_of: dict[str, list[Row]] = {}
    for event in facts(shop, settings).visits:
        events_of.setdefault(event["person_id"], []).append(event)

    rows = []
    for person_id, events in events_of.items():
        for run in _runs_of(events, gap):
            started_at, ended_at = run[0]["occurred_at"], run[-1]["occurred_at"]
            duration = (ended_at - started_at).total_seconds()
            types = [event["event_type"] for event in run]
            row = {
                "person_id": person_id,
                "started_at": started_at,
                "ended_at": ended_at,
                "session_date": settings.local_date(started_at),
                "duration_seconds": duration,
                "events": len(run),
                "views": types.count("view"),
                "is_engaged": types.count("view") >= 2 or duration >= 10 or "purchase" in types,
            }
            for step in STEPS:
                times = [event["occurred_at"] for event in run if event["event_type"] == step]
                row[f"has_{step}"] = bool(times)
                row[f"{step}_at"] = min(times) if times else None
            rows.append(row)
    return frame(rows, COLUMNS, ("person_id", "started_at", "ended_at", "events"))
