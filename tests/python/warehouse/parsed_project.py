"""The project parsed once and run in this process, for runs that differ in vars and environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from dbt_shortcuts import take_shortcuts
from warehouse.compiled_project import PROJECT


class ParsedProject:
    """The project with its default vars parsed, ready to run with others.

    Vars that change what the parser does show only in a fresh run; `run_afresh` parses anew.
    """

    def __init__(self, folder: Path) -> None:
        self._warehouse = folder / "parsed.duckdb"
        self._options = ["--target-path", str(folder), "--log-path", str(folder)]
        self._options += ["--no-write-json", "--no-partial-parse", "--log-level-file", "none"]
        take_shortcuts()
        done = self._invoke(["parse"], {}, {}, None)
        assert done.success, done.exception
        self._manifest = done.result

    def run(self, variables: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
        """Run the first model of all; give what stopped the run, None when nothing did."""
        return self._run(variables, environment, self._manifest)

    def run_afresh(self, variables: Mapping[str, Any]) -> str | None:
        """Parse and run; give what stopped either."""
        return self._run(variables, {}, None)

    def _run(
        self, variables: Mapping[str, Any], environment: Mapping[str, str], manifest: Any
    ) -> str | None:
        arguments = ["run", "--select", "int_core__run"]
        done = self._invoke(arguments, variables, environment, manifest)
        return str(done.exception) if done.exception else None

    def _invoke(
        self,
        arguments: list[str],
        variables: Mapping[str, Any],
        environment: Mapping[str, str],
        manifest: Any,
    ) -> Any:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DOVECOTE_")}
        kept |= {"DOVECOTE_WAREHOUSE": str(self._warehouse), **environment}
        before = Path.cwd()
        os.chdir(PROJECT)
        try:
            with patch.dict(os.environ, kept, clear=True):
                return dbtRunner(manifest=manifest).invoke(
                    ["--quiet", *arguments, "--vars", repr(dict(variables)), *self._options]
                )
        finally:
            # dbt keeps its connection for the life of the process, and with it the lock.
            DuckDBConnectionManager.close_all_connections()
            os.chdir(before)
