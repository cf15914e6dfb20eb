"""Compile the project once, then run its SQL on as many small shops as a test likes.

`dbt compile` costs seconds and a small shop's SQL a fraction of one, so the project is compiled
once for each choice of vars, with an as_of that every run replaces by its own. The raw models are
the seam: a run fills them itself, and everything from the staging layer on is the project's SQL.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from dbt_command import dbt_command

PROJECT = Path(__file__).parents[3]
AS_OF_PLACEHOLDER = "2001-02-03T04:05:06Z"


@dataclass(frozen=True)
class Node:
    """One model or seed: where it goes, what it needs, its code (or file) and its kind.

    `personal` names the columns that its yml tags as personal data.
    """

    name: str
    relation: str
    needs: tuple[str, ...]
    sql: str
    kind: str
    language: str
    personal: frozenset[str]


def compile_project(
    folder: Path, variables: Mapping[str, Any] | None = None, *, fixes_as_of: bool = True
) -> Path:
    """Compile the project into `folder`, and give the folder: keep it as long as it is used.

    Parameters
    ----------
    folder
        Where dbt writes.
    variables
        Vars of the package.
    fixes_as_of
        Whether every run names its as_of; otherwise the rows say it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    variables = dict(variables or {})
    result = dbt_command(
        [
            *("compile", "--quiet", "--vars", json.dumps(variables)),
            *("--exclude", "resource_type:test", "resource_type:unit_test"),
            *("--target-path", str(folder), "--log-path", str(folder)),
        ],
        PROJECT,
        {
            **{k: v for k, v in os.environ.items() if not k.startswith("DOVECOTE_")},
            "DBT_LOG_LEVEL_FILE": "none",
            "DOVECOTE_WAREHOUSE": str(folder / "shop.duckdb"),
            **({"DOVECOTE_AS_OF": AS_OF_PLACEHOLDER} if fixes_as_of else {}),
        },
        ["compile", _read_while_parsing(variables)],
    )
    if result.returncode:
        raise RuntimeError(result.stdout + result.stderr)
    return folder


def _read_while_parsing(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Give the vars that yml files read: what dbt parsed with others is the same but for these."""
    yml = "".join(path.read_text() for path in (PROJECT / "models").rglob("*.yml"))
    return {name: value for name, value in variables.items() if f"var('{name}')" in yml}


def _compiled_nodes(folder: Path) -> dict[str, Node]:
    """List the nodes in the order in which they can run."""
    manifest = json.loads((folder / "manifest.json").read_text())["nodes"]
    wanted = {
        key: node
        for key, node in manifest.items()
        if node["resource_type"] == "model"
        or (node["resource_type"] == "seed" and "reference" in node["fqn"])
    }
    needs = {
        key: set(node["depends_on"].get("nodes", [])) & set(wanted) for key, node in wanted.items()
    }
    names = {key: _name(node) for key, node in wanted.items()}
    return {
        names[key]: Node(
            name=names[key],
            relation=wanted[key]["relation_name"],
            needs=tuple(names[upstream] for upstream in needs[key]),
            sql=wanted[key].get("compiled_code")
            or str(PROJECT / wanted[key]["original_file_path"]),
            kind=wanted[key]["config"]["materialized"],
            language=wanted[key].get("language", "csv"),
            personal=frozenset(
                name
                for name, column in wanted[key]["columns"].items()
                if column["config"]["meta"].get("personal_data")
            ),
        )
        for key in TopologicalSorter(needs).static_order()
    }


def _name(node: Mapping[str, Any]) -> str:
    """Name a node as `ref` does without a version: the latest bears the name alone."""
    version = node.get("version")
    is_latest = version == node.get("latest_version")
    return node["name"] if is_latest else f"{node['name']}.v{version}"


class CompiledProject:
    """The project that `compile_project` compiled into a folder, ready to run on shops."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes = _compiled_nodes(folder)
        self.raw_columns = {
            name.removeprefix("raw_"): re.findall(r" as (\w+),?$", node.sql, re.MULTILINE)
            for name, node in self.nodes.items()
            if name.startswith("raw_") and name != "raw_input_files"
        }

    def run(
        self,
        raw: Mapping[str, pd.DataFrame],
        as_of: datetime | None,
        models: set[str],
        replaced: Mapping[str, str] | None = None,
        *,
        optimizes: bool = True,
    ) -> Warehouse:
        """Run what `models` need on the rows of `raw`, each entity a frame of text columns.

        `replaced` gives some models another SQL; what only their own code needs is not run.
        `as_of` is None where the rows say it. To search for the best plans costs DuckDB more than
        any plan on a small shop, so whoever runs hundreds of them goes without `optimizes`.
        """
        replaced = replaced or {}
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set threads = 1")
        if not optimizes:
            connection.execute("pragma disable_optimizer")
        connection.execute("attach ':memory:' as shop")
        connection.execute("use shop")
        needed = self._needed(models, replaced)
        for schema in {node.relation.rsplit(".", 1)[0] for node in needed}:
            connection.execute(f"create schema if not exists {schema}")
        for node in needed:
            if node.kind == "seed":
                connection.execute(f"create table {node.relation} as from read_csv('{node.sql}')")
            elif node.name == "raw_input_files":
                _load_counts(connection, node, raw)
            elif node.name.startswith("raw_"):
                self._load(connection, node, raw.get(node.name.removeprefix("raw_")))
            elif node.language == "python" and node.name not in replaced:
                _run_python(connection, node)
            else:
                if node.name == "mart_builds":
                    _create_registry(connection, node)
                sql = replaced.get(node.name, node.sql)
                if as_of is not None:
                    sql = sql.replace(AS_OF_PLACEHOLDER, f"{as_of.isoformat()}Z")
                connection.execute(
                    f"create {'view' if node.kind == 'view' else 'table'} {node.relation} as\n{sql}"
                )
        return Warehouse(connection, self.nodes)

    def _needed(self, models: set[str], replaced: Mapping[str, str]) -> list[Node]:
        needed = set(models)
        for node in reversed(self.nodes.values()):
            if node.name in needed:
                sql = replaced.get(node.name)
                needed |= {
                    need for need in node.needs if sql is None or self.nodes[need].relation in sql
                }
        return [node for node in self.nodes.values() if node.name in needed]

    def _load(
        self, connection: duckdb.DuckDBPyConnection, node: Node, rows: pd.DataFrame | None
    ) -> None:
        columns = self.raw_columns[node.name.removeprefix("raw_")]
        types = ", ".join(f"{c} {'integer' if c == 'line_count' else 'varchar'}" for c in columns)
        connection.execute(f"create table {node.relation} ({types})")
        if rows is not None and len(rows):
            given = rows.assign(source_name="test", line_count=1)
            names = ", ".join(given.columns)
            connection.register("given", given)
            connection.execute(f"insert into {node.relation} ({names}) select {names} from given")
            connection.unregister("given")


def _load_counts(
    connection: duckdb.DuckDBPyConnection, node: Node, raw: Mapping[str, pd.DataFrame]
) -> None:
    connection.execute(
        f"create table {node.relation} (entity varchar, source_name varchar, physical_rows bigint)"
    )
    for entity, rows in raw.items():
        connection.execute(
            f"insert into {node.relation} values (?, 'test', ?)", [entity, len(rows)]
        )


def _run_python(connection: duckdb.DuckDBPyConnection, node: Node) -> None:
    """Run a Python model; dbt has put an object beside it that stands for `dbt`."""
    compiled: dict[str, Any] = {}
    exec(node.sql, compiled)
    dbt = compiled["dbtObj"](lambda relation: connection.query(f"select * from {relation}"))
    connection.register("returned", compiled["model"](dbt, connection))
    connection.execute(f"create table {node.relation} as select * from returned")
    connection.unregister("returned")


def _create_registry(connection: duckdb.DuckDBPyConnection, node: Node) -> None:
    """Create the registry of builds, empty, of which dbt's hooks make the real one."""
    (registry,) = re.findall(r"from (\S+\.builds)\b", node.sql)
    columns = re.findall(r"cast\((\w+) as (\w+)\)", node.sql)
    connection.execute(f"create schema if not exists {registry.rpartition('.')[0]}")
    connection.execute(f"create table {registry} ({', '.join(map(' '.join, columns))})")


class Warehouse:
    """The tables of one run."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, nodes: Mapping[str, Node]) -> None:
        self.connection = connection
        self.nodes = nodes

    def rows(self, model: str) -> list[dict[str, Any]]:
        """List the rows of a model, as plain Python values."""
        cursor = self.connection.execute(f"select * from {self.nodes[model].relation}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
