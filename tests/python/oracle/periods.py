"""Local time, and the days, weeks and months of a calendar."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GRAINS = ("day", "week", "month")


@cache
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)


def local_time(at: datetime, timezone: str) -> datetime:
    """Give the wall clock of a time zone at a naive UTC instant, itself naive."""
    return at.replace(tzinfo=UTC).astimezone(_zone(timezone)).replace(tzinfo=None)


def midnight(day: date) -> datetime:
    """Give the local instant at which a day begins."""
    return datetime.combine(day, time())


def period_start(day: date, grain: str, week_start: str = "monday") -> date:
    """Give the first day of the period that holds a day."""
    if grain == "day":
        return day
    if grain == "month":
        return day.replace(day=1)
    if grain == "week":
        first = WEEKDAYS.index(week_start)
        while day.weekday() != first:
            day -= timedelta(days=1)
        return day
    raise ValueError(f"no such grain: {grain!r}; choose one of {GRAINS}")


def later_period(start: date, grain: str, steps: int) -> date:
    """Give the start of the period so many steps after the one that starts here."""
    if grain == "day":
        return start + timedelta(days=steps)
    if grain == "week":
        return start + timedelta(days=7 * steps)
    months = start.year * 12 + (start.month - 1) + steps
    return date(months // 12, months % 12 + 1, 1)


def periods_between(first: date, later: date, grain: str) -> int:
    """Count the steps from one period's start to another's; negative when it is earlier."""
    if grain == "day":
        return (later - first).days
    if grain == "week":
        return (later - first).days // 7
    return (later.year - first.year) * 12 + (later.month - first.month)


def all_periods(first: date, last: date, grain: str) -> list[date]:
    """List the starts of all periods from one to another, both included."""
    return [
        later_period(first, grain, step) for step in range(periods_between(first, last, grain) + 1)
    ]


def month_end(day: date) -> date:
    """Give the last day of a day's month."""
    return later_period(day.replace(day=1), "month", 1) - timedelta(days=1)
