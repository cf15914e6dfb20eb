"""dbt without the events that no log keeps: making them costs a seventh of a build."""

from __future__ import annotations

from typing import Any

from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager


def leave_out_unread_events() -> None:
    """Let runs of dbt in this process make events for debugging only where a log is to hold them.

    dbt makes each of them, a thousand and more a build, before it looks whom they are for.
    """
    ctx_set_event_manager(_ReadEvents())


class _ReadEvents(EventManager):
    def fire_event(
        self, e: BaseEvent, level: EventLevel | None = None, *arguments: Any, **more: Any
    ) -> None:
        is_for_debugging = (level or e.level_tag()) == EventLevel.DEBUG
        if not is_for_debugging or any(log.level == EventLevel.DEBUG for log in self.loggers):
            super().fire_event(e, level, *arguments, **more)
