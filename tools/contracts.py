"""What the last release promised to readers of public tables, and whether this project keeps it.

`contracts/released.yml` holds the contract of every mart as it was released. `check` compares the
project with it; `write` writes it anew, after a release.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[1]
RELEASED = PROJECT / "contracts" / "released.yml"
CHANGELOG = PROJECT / "CHANGELOG.md"
PUBLIC_LAYERS = ("marts", "review")
HEADER = """\
# The public tables as they were released: what readers rely on, and tests/python/test_contracts.py
# holds the project to. Written by `python tools/contracts.py write`, never by hand.
"""


@dataclass(frozen=True)
class Contract:
    """What readers of one version of a mart rely on, and how long the version is kept."""

    relation: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    deprecation_date: date | None = None
    is_enforced: bool = True
    is_superseded: bool = False


@dataclass(frozen=True)
class Release:
    """A release of the package, and its contracts by model and version, as `mart_builds.v1`."""

    version: str
    contracts: Mapping[str, Contract]


def contracts_of(manifest: Mapping[str, Any]) -> dict[str, Contract]:
    """Give the contract of every public model of dbt's manifest; one without versions is its first.

    Parameters
    ----------
    manifest
        The content of dbt's `manifest.json`.
    """
    keys = {
        node["attached_node"]: tuple(node["test_metadata"]["kwargs"]["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("test_metadata", {}).get("name") == "primary_key"
    }
    return {
        f"{node['name']}.v{node['version'] or 1}": Contract(
            relation=f"{node['schema']}.{node['alias']}",
            key=keys.get(unique_id, ()),
            columns={
                name: re.sub(r"\s", "", column["data_type"] or "").lower()
                for name, column in node["columns"].items()
            },
            deprecation_date=_day(node["deprecation_date"]),
            is_enforced=node["contract"]["enforced"],
            is_superseded=int(node["version"] or 1) < int(node["latest_version"] or 1),
        )
        for unique_id, node in sorted(manifest["nodes"].items())
        if node["resource_type"] == "model" and node["fqn"][1] in PUBLIC_LAYERS
    }


def differences(
    released: Release, current: Mapping[str, Contract], changelog: str, today: date
) -> list[str]:
    """Say, one sentence each, where the project breaks what the last release promised.

    Parameters
    ----------
    released
        The last release.
    current
        The contracts of the project, by model and version.
    changelog
        The text of CHANGELOG.md, whose table says in which release which model changed.
    today
        The day on which a promise may have ended.
    """
    return [
        *_broken_promises(released, current, today),
        *_missing_dates(current),
        *_missing_rows(released, current, changelog),
    ]


def _broken_promises(
    released: Release, current: Mapping[str, Contract], today: date
) -> Iterator[str]:
    for name, promised in released.contracts.items():
        now = current.get(name)
        end = promised.deprecation_date
        cure = f"keep {name} as {released.version} released it, and make the change a new version"
        if now is None:
            if end is None:
                yield (
                    f"{name} is gone: put it back as {released.version} released it, and give it "
                    "a deprecation_date, after which a later release may drop it."
                )
            elif today < end:
                yield f"{name} is gone before {end}: put it back, readers may use it until then."
            continue
        if not now.is_enforced:
            yield f"{name} has no enforced contract: give it back `contract: {{enforced: true}}`."
        if now.relation != promised.relation:
            yield (
                f"{name} is at {now.relation}, and readers look for it at {promised.relation}: "
                f"set its alias to {promised.relation.rpartition('.')[2]}."
            )
        if now.key != promised.key:
            yield f"{name} has the key {_listed(now.key)} for {_listed(promised.key)}: {cure}."
        for change in _changes_of_columns(promised.columns, now.columns):
            yield f"{name}: {change}: {cure}."
        if end is not None and now.deprecation_date is not None and now.deprecation_date < end:
            yield (
                f"{name} ends on {now.deprecation_date}, and was promised until {end}: "
                "set its deprecation_date to that day or a later one."
            )


def _changes_of_columns(promised: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for column, data_type in promised.items():
        if column not in now:
            yield f"column {column} is gone"
        elif now[column] != data_type:
            yield f"column {column} is {now[column]} for {data_type}"
    for column in now:
        if column not in promised:
            yield f"column {column} is new"
    if promised.keys() == now.keys() and list(promised) != list(now):
        moved = next(ours for ours, theirs in zip(now, promised, strict=True) if ours != theirs)
        yield f"column {moved} stands at another place"


def _missing_dates(current: Mapping[str, Contract]) -> Iterator[str]:
    for name, contract in current.items():
        if contract.is_superseded and contract.deprecation_date is None:
            yield (
                f"{name} has a later version, and no end: "
                "give it a deprecation_date, the day until which readers may use it."
            )


def _missing_rows(
    released: Release, current: Mapping[str, Contract], changelog: str
) -> Iterator[str]:
    rows = [
        set(re.findall(r"\w+", text))
        for version, text in re.findall(r"^\| *([\d.]+) *\|(.*)", changelog, re.MULTILINE)
        if _numbers(version) > _numbers(released.version)
    ]
    for name in sorted(current.keys() ^ released.contracts.keys()):
        model, _, number = name.rpartition(".v")
        wanted = {model} if number == "1" else {model, f"v{number}"}
        if not any(wanted <= row for row in rows):
            yield (
                f"{name} is {'new' if name in current else 'gone'}: add a row to CHANGELOG.md "
                f"under a version after {released.version} that names {_listed(sorted(wanted))}."
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names) or "(none)"


def _day(moment: str | None) -> date | None:
    return datetime.fromisoformat(moment).date() if moment else None


def as_text(release: Release) -> str:
    """Write a release as YAML, one column a line, so that a change shows as what it is."""
    contracts = {
        name: {
            "relation": contract.relation,
            "key": list(contract.key),
            **(
                {"deprecation_date": contract.deprecation_date} if contract.deprecation_date else {}
            ),
            "columns": dict(contract.columns),
        }
        for name, contract in release.contracts.items()
    }
    return HEADER + yaml.safe_dump(
        {"release": release.version, "contracts": contracts}, sort_keys=False
    )


def from_text(text: str) -> Release:
    """Read what `as_text` wrote."""
    document = yaml.safe_load(text)
    return Release(
        document["release"],
        {
            name: Contract(
                relation=contract["relation"],
                key=tuple(contract["key"]),
                columns=contract["columns"],
                deprecation_date=contract.get("deprecation_date"),
            )
            for name, contract in document["contracts"].items()
        },
    )


def problems_with_writing(released: Release | None, version: str) -> list[str]:
    """Say why the contracts of a release cannot be written over those of the last one."""
    if released is None or _numbers(version) > _numbers(released.version):
        return []
    return [
        f"contracts/released.yml holds {released.version} already, and a release stays what it "
        "was: give the package its next version in pyproject.toml, dbt_project.yml and "
        "package_version() first."
    ]


def _parsed_manifest() -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        done = dbtRunner().invoke(
            [
                *("parse", "--quiet", "--project-dir", str(PROJECT), "--profiles-dir"),
                *(str(PROJECT), "--target-path", folder, "--log-path", folder),
            ]
        )
        if not done.success:
            sys.exit("dbt cannot parse the project: run `dbt parse` and mend what it says.")
        manifest: dict[str, Any] = json.loads((Path(folder) / "manifest.json").read_text())
        return manifest


def main() -> None:
    """Check the project against the last release, or write down a new one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("check", "write"))
    command = parser.parse_args().command
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    released = from_text(RELEASED.read_text()) if RELEASED.exists() else None
    if released is None and command == "check":
        sys.exit("contracts/released.yml is missing: take it from the last release.")
    current = contracts_of(_parsed_manifest())
    problems = problems_with_writing(released, version) if command == "write" else []
    if released is not None:
        today = datetime.now(UTC).date()
        problems += differences(released, current, CHANGELOG.read_text(), today)
    if problems:
        sys.exit("\n".join(problems))
    if command == "write":
        RELEASED.parent.mkdir(exist_ok=True)
        RELEASED.write_text(as_text(Release(version, current)))


if __name__ == "__main__":
    main()
