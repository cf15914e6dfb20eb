"""From customers to scores by the project's own SQL, compiled by dbt and run by DuckDB alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd
from churn_customers import AS_OF_DATE, HISTORIES, PURCHASE_DAYS

from dovecote import btyd

PROJECT = Path(__file__).parents[1]
HORIZON_DAYS = 90
THREADS = 2
MEMORY_LIMIT = "1700MB"
SCORED = (
    "'order' as activity, 90 as horizon_days, as_of_date as fit_date, as_of_date as cutoff_date"
)
NO_SCORES = f"""
    select {SCORED}, '' as customer_id, null::boolean as is_churned, '' as model_name,
        90 as training_horizon_days,
        0.5::double as churn_probability, 0.5::double as churn_rate, 0.5::double as recency_from,
        0.5::double as recency_before
    from run where false
"""
GIVEN = {
    "int_core__run": "from run",
    "int_core__customers": "select customer_id, false as is_excluded from histories",
    "int_churn__spans": """
        select 'order' as activity, as_of_date - 545 as first_date, as_of_date,
            as_of_date as last_whole_date, 546 as history_days
        from run
    """,
    "int_churn__scored_horizons": f"select {SCORED}, false as is_sampled from run",
    "int_churn__snapshots": f"""
        select {SCORED}, true as is_as_of, 0 as snapshot_number, as_of_date as snapshot_date,
            90 as snapshot_horizon_days
        from run
    """,
    "int_churn__facts_at_cutoffs": f"""
        select {SCORED}, histories.*, age_days - first_to_last_days as recency_days,
            null::boolean as is_churned
        from histories cross join run
    """,
    "int_churn__logistic_scores": NO_SCORES,
    "ml_churn__challenger_scores": NO_SCORES,
    "int_churn__recency_rates": NO_SCORES,
    "int_churn__reasons": """
        select '' as activity, 0 as horizon_days, '' as customer_id, '' as reason_1,
            '' as reason_2, '' as reason_3
        from run where false
    """,
    "int_churn__model_versions": f"select {SCORED}, '' as model_version from run",
}
"""What is upstream of the purchase models' scores, as at one cut-off of one activity."""
GIVEN_HISTORIES = """
    select 'order' as activity, as_of_date as cutoff_date, histories.*, true as is_in_sample
    from histories cross join run
"""
GIVEN_PURCHASES = {
    "int_churn__customers": """
        select customer_id, null::date as known_from_date, true as is_in_sample from histories
    """,
    "int_churn__cutoffs": f"select {SCORED}, true as is_as_of, false as is_sampled from run",
    "int_core__dated_orders": """
        select customer_id, purchase_date as order_date, null::date as cancelled_date,
            20::decimal(18, 4) as gross_amount, 0::decimal(18, 4) as discount_amount,
            0::decimal(18, 4) as refund_amount, null::date as refunded_date
        from purchase_days
    """,
    "int_churn__visit_days": """
        select '' as customer_id, as_of_date as visit_date from run where false
    """,
}


class Seconds(NamedTuple):
    """Time of a stage, of all threads."""

    wall: float
    cpu: float


class Scored(NamedTuple):
    """What was fitted, the mean scores, and the time of each stage."""

    parameters: dict[str, dict[str, float]]
    tuples: int
    mean_p_alive: float | None
    mean_expected_orders: float | None
    stages: dict[str, Seconds]


def compile_project(folder: Path) -> None:
    """Compile the project into ``folder``."""
    subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "compile", "--quiet"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT,
        env=os.environ | {"DOVECOTE_WAREHOUSE": str(folder / "churn.duckdb")},
        check=True,
    )


def score(
    folder: Path, customers: Path, models: Iterable[str], published: str, from_days: bool
) -> Scored:
    """Fit purchase models and write every customer's scores to the mart.

    Parameters
    ----------
    folder
        Where the project was compiled; ``churn.duckdb`` in it is written anew.
    customers
        Folder of ``write_customers``.
    models
        Purchase models to fit and to score every customer by.
    published
        The one of them whose probability the mart holds.
    from_days
        Whether histories are made of purchase days, or are given.

    Raises
    ------
    ValueError
        If a customer has no score.
    """
    (folder / "churn.duckdb").unlink(missing_ok=True)
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"].values()
    node_of = {node["name"]: node for node in nodes if node["resource_type"] == "model"}
    stages: dict[str, Seconds] = {}
    started = Seconds(time.monotonic(), time.process_time())

    def finish(stage: str) -> None:
        nonlocal started
        now = Seconds(time.monotonic(), time.process_time())
        stages[stage] = Seconds(now.wall - started.wall, now.cpu - started.cpu)
        started = now

    with duckdb.connect(folder / "churn.duckdb") as connection:
        connection.execute(f"set threads = {THREADS}")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        for schema in {node["schema"] for node in node_of.values()}:
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create table run as select date '{AS_OF_DATE}' as as_of_date")
        for file in (HISTORIES, PURCHASE_DAYS):
            connection.execute(
                f"create view {Path(file).stem} as from read_parquet('{customers / file}')"
            )

        def relation(name: str) -> str:
            return str(node_of[name]["relation_name"])

        def give(name: str, sql: str) -> None:
            connection.execute(f"create view {relation(name)} as {sql}")

        def run(*names: str) -> None:
            for name in names:
                kind = "view" if node_of[name]["config"]["materialized"] == "view" else "table"
                sql = node_of[name]["compiled_code"]
                connection.execute(f"create {kind} {relation(name)} as {sql}")

        def frame(name: str) -> pd.DataFrame:
            return connection.query(f"from {relation(name)}").df()

        def keep(name: str, rows: pd.DataFrame) -> None:
            connection.from_df(rows).create(relation(name))

        for name, sql in GIVEN.items():
            give(name, sql)
        give(
            "int_churn__model_choice",
            f"select {SCORED}, '{published}' as model_name, 'eligible' as eligibility from run",
        )
        if from_days:
            for name, sql in GIVEN_PURCHASES.items():
                give(name, sql)
            run("int_churn__histories")
            finish("purchase days to histories")
        else:
            give("int_churn__histories", GIVEN_HISTORIES)
        run("int_churn__tuples")
        finish("histories to tuples")
        tuples = frame("int_churn__tuples")
        fits = _fits(tuples, models)
        keep("ml_churn__fits", fits)
        finish("fits")
        run("int_churn__usable_fits", "int_churn__scored_tuples", "int_churn__factor_levels")
        keep("ml_churn__factors", btyd.factors(frame("int_churn__factor_levels"), fits))
        finish("factors")
        run("int_churn__tuple_scores")
        finish("scores of tuples")
        run("int_churn__model_scores")
        finish("scores of customers")
        run("int_churn__purchase_model", "int_churn__published_scores", "mart_churn_scores")
        finish("mart_churn_scores")
        (customer_count,) = connection.query("select count(*) from histories").fetchone() or (0,)
        scored, p_alive, expected_orders = connection.query(
            "select count(churn_probability), avg(p_alive), avg(expected_orders) "
            f"from {relation('mart_churn_scores')}"
        ).fetchone() or (0, None, None)
    if scored != customer_count:
        raise ValueError(
            f"churn_probability is null for {customer_count - scored} customers: see what "
            f"int_churn__usable_fits says in {folder / 'churn.duckdb'}."
        )
    found = fits.set_index("model_name")
    parameters = {
        model: found.loc[model, list(btyd.PARAMETERS[model])].to_dict() for model in found.index
    }
    return Scored(parameters, len(tuples), p_alive, expected_orders, stages)


def _fits(tuples: pd.DataFrame, models: Iterable[str]) -> pd.DataFrame:
    """Fit as ``ml_churn__fits`` does, but only the models asked for."""
    history = [tuples[name] for name in ("repeat_days", "first_to_last_days", "age_days")]
    rows = []
    for model in models:
        found = btyd.fit(model, *history, tuples["customers"])
        counts = {
            name: getattr(found, name) for name in ("customers", "repeat_customers", "tuples")
        }
        rows.append(
            {
                "activity": "order",
                "cutoff_date": AS_OF_DATE,
                "model_name": model,
                "engine": found.engine,
                "is_used": True,
                "status": found.status,
                "log_likelihood": found.log_likelihood,
                **counts,
                **found.parameters,
            }
        )
    return pd.DataFrame(rows, columns=list(btyd.FIT_COLUMNS)).astype(btyd.FIT_COLUMNS)
