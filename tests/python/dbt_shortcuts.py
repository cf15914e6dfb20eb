"""dbt without work that no test sees anything of: a third of what a build of a small shop costs."""

from __future__ import annotations

import functools
import marshal
import os
import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from dbt.compilation import Linker
from dbt.contracts.graph.manifest import Manifest
from dbt_common.clients import agate_helper
from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager

_compiled: dict[str, CodeType] = {}


def take_shortcuts() -> None:
    """Let runs of dbt in this process, none of which keeps a log for debugging, leave work out."""
    _leave_out_events_for_debugging()
    _make_type_testers_once()
    _compile_templates_once()
    # Of a graph that was parsed, and was looked through then.
    Linker.find_cycles = lambda linker: None


@contextmanager
def parsed_before(file: Path, target: Path) -> Iterator[Manifest | None]:
    """Give the project as an earlier run parsed it, from a file that the first one writes.

    It holds what runs make of it before they start, and is read in a twentieth of the time that
    dbt's own format takes.
    """
    if file.exists():
        yield pickle.loads(file.read_bytes())
        return
    written = target / "partial_parse.msgpack"
    written.unlink(missing_ok=True)
    try:
        yield None
    finally:
        if written.exists():
            manifest = Manifest.from_msgpack(written.read_bytes())
            manifest.build_flat_graph()
            _replace(file, pickle.dumps(manifest))


@contextmanager
def keep_templates(file: Path) -> Iterator[None]:
    """Take templates as earlier runs compiled them from a file, and leave there what is new."""
    if file.exists():
        _compiled.update(marshal.loads(file.read_bytes()))
    known = len(_compiled)
    try:
        yield
    finally:
        if len(_compiled) > known:
            _replace(file, marshal.dumps(_compiled))


def _replace(file: Path, content: bytes) -> None:
    part = file.with_suffix(f".{os.getpid()}")
    part.write_bytes(content)
    part.replace(file)


class _ReadEvents(EventManager):
    def fire_event(
        self, e: BaseEvent, level: EventLevel | None = None, *arguments: Any, **more: Any
    ) -> None:
        if (level or e.level_tag()) != EventLevel.DEBUG:
            super().fire_event(e, level, *arguments, **more)


def _leave_out_events_for_debugging() -> None:
    """Fill and fire only other events: dbt fills ten thousand, and then looks whom they are for."""
    fill = BaseEvent.__init__

    def fill_if_read(event: BaseEvent, *arguments: Any, **values: Any) -> None:
        if not isinstance(event, DebugLevel):
            fill(event, *arguments, **values)

    BaseEvent.__init__ = fill_if_read
    ctx_set_event_manager(_ReadEvents())


def _make_type_testers_once() -> None:
    """Make what finds the types of columns once for a list of them, not once a query."""
    make = functools.cache(agate_helper.build_type_tester)

    def make_once(
        text_columns: Iterable[str], string_null_values: Iterable[str] = ("null", "")
    ) -> Any:
        return make(tuple(text_columns), tuple(string_null_values))

    agate_helper.build_type_tester = make_once


def _compile_templates_once() -> None:
    """Compile the thousand templates of a build once: dbt forgets them when it is run again."""
    compile_anew = jinja2.Environment.compile

    def compile_once(
        environment: jinja2.Environment, source: Any, *options: Any, **more: Any
    ) -> CodeType:
        if options or more or not isinstance(source, str):
            return compile_anew(environment, source, *options, **more)
        key = f"{type(environment).__name__} {source}"
        if key not in _compiled:
            _compiled[key] = compile_anew(environment, source)
        return _compiled[key]

    jinja2.Environment.compile = compile_once
