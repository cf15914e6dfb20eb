"""What churn scores cost, beside lifetimes, at ten million customers, and in a build.

Run it with `make bench-churn`; it writes its section of `benchmarks/RESULTS.md` anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from churn_customers import WINDOW, write_customers
from churn_lifetimes import ScoredByLifetimes, score_by_lifetimes
from churn_measure import Measured, measured
from churn_warehouse import HORIZON_DAYS, MEMORY_LIMIT, PROJECT, THREADS, Scored, score
from churn_warehouse import compile_project as compile_into

from dovecote.btyd import MODELS

RESULTS = Path(__file__).with_name("RESULTS.md")
SECTION = re.compile("<!-- churn -->.*<!-- end of churn -->\n", re.DOTALL)
PUBLISHED = "mbg_nbd"
FIT_STAGES = ("histories to tuples", "fits")
CUSTOMER_STAGES = ("scores of customers", "mart_churn_scores")
SCORING = (
    "int_churn__scored_tuples",
    "int_churn__factor_levels",
    "ml_churn__factors",
    "int_churn__tuple_scores",
    "int_churn__facts_at_cutoffs",
    "int_churn__features",
    "int_churn__logistic_scores",
    "int_churn__model_scores",
    "int_churn__published_scores",
    "int_churn__reasons",
    "mart_churn_scores",
)
"""Models that score and explain, at as_of and at past cut-offs alike."""


class Compared(NamedTuple):
    """A model by both routes, on the same customers."""

    model: str
    customers: int
    by_dovecote: Measured[Scored]
    by_lifetimes: Measured[ScoredByLifetimes]


class Built(NamedTuple):
    """Seconds of each node of a build, by the node's name, and of the churn nodes alone."""

    nodes: dict[str, float]
    churn_nodes: dict[str, float]


def main() -> None:
    """Measure everything, one after the other, and write the results."""
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compile_into(folder)
        customers = _customers(options.customers, folder)
        fewer = _customers(options.pareto_customers, folder)
        many = _customers(options.many_customers, folder)
        compared = [
            Compared(
                model,
                size,
                measured(score, folder, path, (model,), model, False),
                measured(score_by_lifetimes, path, model),
            )
            for model, size, path in (
                ("bg_nbd", options.customers, customers),
                ("mbg_nbd", options.customers, customers),
                ("pareto_nbd", options.pareto_customers, fewer),
            )
        ]
        from_histories = measured(score, folder, many, MODELS, PUBLISHED, False)
        from_days = measured(score, folder, many, MODELS, PUBLISHED, True)
        built = measured(build_shop, options.shop_customers, folder / "shop")
    section = "\n".join(
        [
            "<!-- churn -->",
            *_introduction(),
            *_bars(options, compared, from_histories, built),
            *_comparison(compared),
            *_stages(options.many_customers, from_histories, from_days),
            *_nodes(options.shop_customers, built),
            "<!-- end of churn -->\n",
        ]
    )
    text = options.results.read_text() if options.results.exists() else "# Measured\n\n"
    if SECTION.search(text):
        options.results.write_text(SECTION.sub(lambda _: section, text))
    else:
        options.results.write_text(text + section)
    print(section)


def build_shop(customers: int, folder: Path) -> Built:
    """Simulate a shop and build it without tests, one node at a time."""
    data = folder / "data"
    subprocess.run(
        [
            *(sys.executable, "-c", "from dovecote.cli import app; app()", "simulate"),
            *("--customers", str(customers), "--days", str(WINDOW.days), "--seed", "7"),
            *("--format", "parquet", "--out", str(data)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build", "--quiet"),
            *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
            *("--threads", "1", "--target-path", str(folder), "--log-path", str(folder)),
        ],
        cwd=PROJECT,
        env=os.environ
        | {"DOVECOTE_DATA": str(data), "DOVECOTE_WAREHOUSE": str(folder / "shop.duckdb")},
        check=True,
    )
    results = json.loads((folder / "run_results.json").read_text())["results"]
    manifest = json.loads((folder / "manifest.json").read_text())["nodes"]
    seconds = {
        manifest[result["unique_id"]]["name"]: (
            result["execution_time"],
            "churn" in manifest[result["unique_id"]]["original_file_path"]
            or manifest[result["unique_id"]]["name"].startswith("mart_customer_value"),
        )
        for result in results
        if result["unique_id"] in manifest
    }
    return Built(
        {name: time for name, (time, _) in seconds.items()},
        {name: time for name, (time, is_churn) in seconds.items() if is_churn},
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000, help="beside lifetimes")
    parser.add_argument(
        "--pareto-customers",
        type=int,
        default=100_000,
        help="beside lifetimes' Pareto/NBD, which takes minutes",
    )
    parser.add_argument("--many-customers", type=int, default=10_000_000, help="ours alone")
    parser.add_argument("--shop-customers", type=int, default=100_000, help="in a build")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file to write")
    return parser.parse_args()


def _customers(customers: int, folder: Path) -> Path:
    path = folder / f"customers_{customers}"
    if not path.exists():
        path.mkdir()
        write_customers(customers, path, seed=7)
    return path


def _introduction() -> list[str]:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    packages = ("duckdb", "dbt-core", "numpy", "scipy", "pandas", "scikit-learn", "lifetimes")
    return [
        "## Churn",
        "",
        f"Machine: {cpu[1] if cpu else platform.processor()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GB, {platform.system()}. Python {platform.python_version()}, "
        + ", ".join(f"{package} {version(package)}" for package in packages)
        + ".",
        "",
        "Repeat it with `make bench-churn`; `python benchmarks/churn.py --help` gives the sizes. "
        "Each figure comes from a process of its own, of the same run; imports are made before "
        "the clock starts. *Others* is how many cores everything else on the machine kept busy "
        "meanwhile: CPU seconds hardly depend on that, wall seconds do.",
        "",
    ]


def _bars(
    options: argparse.Namespace,
    compared: list[Compared],
    from_histories: Measured[Scored],
    built: Measured[Built],
) -> list[str]:
    bg_nbd, stages = compared[0], from_histories.result.stages
    scoring = sum(built.result.nodes[name] for name in SCORING)
    rows: list[tuple[str, str, str, float]] = [
        (
            f"BG/NBD, {options.customers:,} customers, fit: CPU of lifetimes to ours",
            f"{_fit_ratio(bg_nbd):.1f}",
            "20",
            bg_nbd.by_dovecote.cores_of_others,
        ),
        (
            "the same, fit and scores of every history",
            f"{_history_ratio(bg_nbd):.1f}",
            "20",
            bg_nbd.by_dovecote.cores_of_others,
        ),
        (
            "the same, fit and a row of every customer in `mart_churn_scores`",
            f"{_whole_ratio(bg_nbd):.1f}",
            "20",
            bg_nbd.by_dovecote.cores_of_others,
        ),
        (
            f"{options.many_customers:,} customers, histories to everyone's probabilities by three "
            "models (`int_churn__model_scores`): wall",
            f"{from_histories.wall_seconds - stages['mart_churn_scores'].wall:.1f} s",
            "60 s",
            from_histories.cores_of_others,
        ),
        (
            "the same, up to `mart_churn_scores`: wall",
            f"{from_histories.wall_seconds:.1f} s",
            "60 s",
            from_histories.cores_of_others,
        ),
        (
            "the same: peak memory",
            f"{from_histories.peak_gb:.2f} GB",
            "3 GB",
            from_histories.cores_of_others,
        ),
        (
            f"{options.shop_customers:,} customers scored and explained in a build",
            f"{scoring:.1f} s",
            "30 s",
            built.cores_of_others,
        ),
    ]
    return [
        "| Figure | Measured | Bar | Others |",
        "|---|---:|---:|---:|",
        *(f"| {what} | {figure} | {bar} | {others:.1f} |" for what, figure, bar, others in rows),
        "",
    ]


def _fit_ratio(row: Compared) -> float:
    return row.by_lifetimes.result.fit_cpu_seconds / _cpu(row, FIT_STAGES)


def _history_ratio(row: Compared) -> float:
    stages = set(row.by_dovecote.result.stages) - set(CUSTOMER_STAGES)
    return row.by_lifetimes.cpu_seconds / _cpu(row, tuple(stages))


def _whole_ratio(row: Compared) -> float:
    return row.by_lifetimes.cpu_seconds / row.by_dovecote.cpu_seconds


def _cpu(row: Compared, stages: tuple[str, ...]) -> float:
    return sum(row.by_dovecote.result.stages[stage].cpu for stage in stages)


def _comparison(compared: list[Compared]) -> list[str]:
    lines = [
        "### Beside lifetimes",
        "",
        "lifetimes reads one row a customer, fits, and gives P(alive) and the purchases expected "
        f"in {HORIZON_DAYS} days. Ours counts equal histories in DuckDB, fits their counts, scores "
        "every distinct history in SQL, and writes each customer's row (without P(alive) for "
        "Pareto/NBD, which the mart takes from the others). CPU seconds:",
        "",
        "| Model | Customers | lifetimes: fit | and scores | ours: fit | and scores of histories | "
        "and rows of customers | Ratio: fit | Histories | Customers | Parameters differ by | "
        "Others |",
        "|---|" + "---:|" * 11,
    ]
    for row in compared:
        ours, theirs = row.by_dovecote, row.by_lifetimes
        histories = ours.cpu_seconds - _cpu(row, CUSTOMER_STAGES)
        differ = max(
            abs(theirs.result.parameters[name] / value - 1)
            for name, value in ours.result.parameters[row.model].items()
        )
        lines.append(
            f"| {row.model} | {row.customers:,} | {theirs.result.fit_cpu_seconds:.2f} | "
            f"{theirs.cpu_seconds:.2f} | {_cpu(row, FIT_STAGES):.2f} | {histories:.2f} | "
            f"{ours.cpu_seconds:.2f} | {_fit_ratio(row):.1f} | {_history_ratio(row):.1f} | "
            f"{_whole_ratio(row):.1f} | {differ:.0e} | "
            f"{ours.cores_of_others:.1f}, {theirs.cores_of_others:.1f} |"
        )
    return [*lines, ""]


def _stages(
    customers: int, from_histories: Measured[Scored], from_days: Measured[Scored]
) -> list[str]:
    lines = [
        f"### {customers:,} customers",
        "",
        f"BG/NBD, MBG/NBD and Pareto/NBD fitted to {from_histories.result.tuples:,} distinct "
        f"histories, and every customer scored by all three; {THREADS} threads, DuckDB held to "
        f"{MEMORY_LIMIT}.",
        "",
        "| Stage | From histories: wall s | CPU s | From purchase days: wall s | CPU s |",
        "|---|---:|---:|---:|---:|",
    ]
    for stage, days in from_days.result.stages.items():
        given = from_histories.result.stages.get(stage)
        times = f"{given.wall:.1f} | {given.cpu:.1f}" if given else " | "
        lines.append(f"| {stage} | {times} | {days.wall:.1f} | {days.cpu:.1f} |")
    both = (from_histories, from_days)
    total = " | ".join(f"{one.wall_seconds:.1f} | {one.cpu_seconds:.1f}" for one in both)
    peaks = " | | ".join(f"{one.peak_gb:.2f} GB" for one in both)
    others = " | | ".join(f"{one.cores_of_others:.1f}" for one in both)
    return [
        *lines,
        f"| all | {total} |",
        f"| peak memory | {peaks} | |",
        f"| others | {others} | |",
        "",
    ]


def _nodes(customers: int, built: Measured[Built]) -> list[str]:
    nodes, churn = built.result
    slowest = sorted(churn, key=lambda name: churn[name], reverse=True)[:10]
    return [
        f"### A shop of {customers:,} customers and {WINDOW.days} days",
        "",
        "`dbt build` without tests, one node at a time. The models that score and explain "
        f"({', '.join(f'`{name}`' for name in SCORING)}) do so at past cut-offs too: the figure "
        "counts both.",
        "",
        "| Part | Seconds |",
        "|---|---:|",
        f"| score and explain | {sum(nodes[name] for name in SCORING):.1f} |",
        f"| all of churn and value | {sum(churn.values()):.1f} |",
        f"| all nodes | {sum(nodes.values()):.1f} |",
        *(f"| `{name}` | {churn[name]:.1f} |" for name in slowest),
        "",
    ]


if __name__ == "__main__":
    main()
