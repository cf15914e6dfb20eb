"""Ask MetricFlow for the project's metrics, on any open connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import duckdb
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlClient, SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


class _Dialect:
    """What MetricFlow must know to write SQL that somebody else runs."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


class Metrics:
    """The metrics of a parsed project, queried on a connection.

    Parameters
    ----------
    semantic_manifest
        The file semantic_manifest.json that dbt wrote.
    connection
        Where the marts are, under the names they were parsed with.
    """

    def __init__(self, semantic_manifest: Path, connection: duckdb.DuckDBPyConnection) -> None:
        manifest = parse_manifest_from_dbt_generated_manifest(semantic_manifest.read_text())
        self.engine = MetricFlowEngine(
            SemanticManifestLookup(manifest), cast(SqlClient, _Dialect())
        )
        self.connection = connection
        self.names = sorted(metric.name for metric in manifest.metrics)
        self.saved_queries = sorted(query.name for query in manifest.saved_queries)

    def query(
        self, metrics: list[str], group_by: list[str]
    ) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """Give the values of `metrics` by those of `group_by`."""
        rows = self._run(
            MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=group_by)
        )
        return {
            tuple(row[name] for name in group_by): tuple(row[name] for name in metrics)
            for row in rows
        }

    def saved(self, name: str) -> list[dict[str, Any]]:
        """Give the rows of a saved query."""
        return self._run(MetricFlowQueryRequest.create(saved_query_name=name))

    def _run(self, request: MetricFlowQueryRequest) -> list[dict[str, Any]]:
        result = self.connection.execute(self.engine.explain(request).sql_statement.sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
