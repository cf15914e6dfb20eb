"""The `dovecote` command line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from dovecote import building, warehouse
from dovecote import simulate as simulator
from dovecote import tour as first_look
from dovecote.dashboard import DASHBOARD, PAGES
from dovecote.doctor import examine
from dovecote.publish import DATABASE, Published, changes, forget_everywhere, write_pages_anew
from dovecote.publish import publish as publish_version
from dovecote.publish import restore as restore_version

app = typer.Typer(no_args_is_help=True, add_completion=False)


class Format(StrEnum):
    """File formats that `simulate` writes."""

    csv = "csv"
    parquet = "parquet"


@app.callback()
def main() -> None:
    """Run customer retention as a dbt project."""


@app.command()
def simulate(
    customers: Annotated[int, typer.Option(help="People who open an account.")],
    days: Annotated[int, typer.Option(help="Length of the window in days.")],
    seed: Annotated[int, typer.Option(help="Same flags and seed, same bytes.")],
    out: Annotated[Path, typer.Option(help="New or empty folder for the files.")],
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="First day of the window, UTC.")
    ] = datetime(2025, 1, 1),
    file_format: Annotated[Format, typer.Option("--format", help="File format.")] = Format.csv,
    dirty_share: Annotated[
        float, typer.Option(help="Share of dirty rows added to each entity.")
    ] = 0.0,
    late_share: Annotated[
        float, typer.Option(help="Share of order and event rows out of time order.")
    ] = 0.0,
    stationary: Annotated[
        bool, typer.Option("--stationary", help="Constant rates: exactly MBG/NBD.")
    ] = False,
    events_per_customer: Annotated[
        float, typer.Option(help="Mean number of event rows a customer.")
    ] = 14.0,
    purchase_pace: Annotated[
        float, typer.Option(help="Repeat purchases relative to the usual shop.")
    ] = 1.0,
    partitioned: Annotated[
        bool,
        typer.Option("--partitioned", help="Parquet, a file a day or month."),
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that make a partitioned shop.")
    ] = 2,
) -> None:
    """Write the files of a simulated shop, and the truth behind them."""
    with _one_sentence_errors():
        settings = simulator.Settings(
            customers=customers,
            days=days,
            seed=seed,
            start=start.date(),
            file_format=file_format.value,
            dirty_share=dirty_share,
            late_share=late_share,
            stationary=stationary,
            events_per_customer=events_per_customer,
            purchase_pace=purchase_pace,
        )
        if partitioned and file_format is not Format.parquet:
            raise ValueError("--partitioned writes Parquet: add --format parquet.")
        simulator.prepare_folder(out)
        if partitioned:
            with Progress(console=Console(stderr=True), transient=True) as progress:
                bars: dict[str, TaskID] = {}

                def show(what: str, done: int, total: int) -> None:
                    if what not in bars:
                        bars[what] = progress.add_task(what, total=total)
                    progress.update(bars[what], completed=done)

                written = simulator.write_partitions(settings, out, workers, show)
        else:
            written = simulator.write_shop(settings, out)
    table = Table("table", "rows", "bytes", title=f"Simulated shop in {out}")
    for file in written:
        table.add_row(file.table, f"{file.rows:,}", f"{file.size:,}")
    table.add_section()
    table.add_row(
        "all", f"{sum(file.rows for file in written):,}", f"{sum(file.size for file in written):,}"
    )
    Console().print(table)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def build(
    context: typer.Context,
    publish_it: Annotated[
        bool, typer.Option("--publish", help="Publish what a green build made.")
    ] = False,
) -> None:
    """Run dbt build and say what became of it; options that dbt knows are passed on to it.

    dbt's unit tests are left out, as they look at no data.
    """
    with _one_sentence_errors():
        with _progress_bar() as on_progress:
            outcome = building.build(tuple(context.args), on_progress)
        _print_outcome(outcome)
        if publish_it and outcome.is_green:
            _publish()
    if publish_it and not outcome.is_green:
        _say(f"Not published: {Published().link} stays as it is.", error=True)
    if outcome.exit_code or (publish_it and not outcome.is_green):
        raise typer.Exit(1)


@app.command()
def publish() -> None:
    """Publish the marts and history of the last build, if it is green, for BI to read."""
    with _one_sentence_errors():
        _publish()


@app.command()
def dashboard(
    version: Annotated[str, typer.Argument(help="A version or a part of its name.")] = "current",
    look: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write the dashboard and the churn report of a published version anew."""
    with _one_sentence_errors():
        published = Published()
        target = write_pages_anew(published, published.find(version))
    for page, about in PAGES.items():
        _say(f"{about.title}: {target.folder / page}")
    if look:
        typer.launch(str((target.folder / DASHBOARD).resolve()))


@app.command()
def versions() -> None:
    """List the published versions, the latest build first; readers see the one with the arrow."""
    with _one_sentence_errors():
        published = Published()
        current = published.current_name()
        found = published.versions()
    table = Table("", "version", "as of", "published", "tables", "rows", "MB", "package")
    for version in found:
        manifest = version.manifest
        table.add_row(
            "->" if version.name == current else "",
            version.name,
            manifest.as_of_date,
            manifest.published_at[:16],
            f"{len(manifest.tables)}",
            f"{sum(table.rows for table in manifest.tables):,}",
            f"{version.size / 1e6:,.1f}",
            manifest.package_version,
        )
    if found:
        _show(table)
    else:
        _say(f"{published.root} has no version yet: dovecote publish makes one.")


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A version, a part of its name, or current.")],
    after: Annotated[str, typer.Argument(help="Another version.")] = "current",
) -> None:
    """Say what changed from one published version to another, table by table."""
    with _one_sentence_errors():
        published = Published()
        earlier, later = published.find(before), published.find(after)
        found = changes(earlier, later)
    differing = [change for change in found if change.is_any]
    table = Table("table", "rows", "added", "removed", "changed", "columns")
    for change in differing:
        columns = [
            *(f"+ {column}" for column in change.columns_added),
            *(f"- {column}" for column in change.columns_removed),
            *(f"{column} has another type" for column in change.columns_retyped),
        ]
        if change.rows_before is None or change.rows_after is None:
            columns = ["new table" if change.rows_before is None else "no such table any more"]
        table.add_row(
            change.name,
            f"{change.rows_before or 0:,} -> {change.rows_after or 0:,}",
            f"{change.added:,}",
            f"{change.removed:,}",
            f"{change.changed:,}",
            "\n".join(columns),
        )
    if differing:
        _show(table)
    _say(
        f"{earlier.name} -> {later.name}: {len(differing)} of {len(found)} tables differ. "
        "A changed row has the same key."
    )


@app.command()
def rollback(
    version: Annotated[
        str | None, typer.Argument(help="A version or a part of its name; the one before.")
    ] = None,
) -> None:
    """Let readers see an earlier version again, until the next is published."""
    with _one_sentence_errors():
        published = Published()
        with published.locked():
            target = published.find(version) if version else published.before_current()
            published.point_to(target)
    _say(f"{published.link} is {target.name} now, as of {target.manifest.as_of_date}.")


@app.command()
def restore(
    version: Annotated[str, typer.Argument(help="A version or a part of its name.")] = "current",
) -> None:
    """Make a lost warehouse anew from a published version, history included."""
    with _one_sentence_errors():
        target = Published().find(version)
        restore_version(target)
    _say(
        f"{warehouse.path()} has the marts and the history of {target.name}; the next build makes "
        "the rest."
    )


@app.command()
def forget(
    customer_id: Annotated[str, typer.Argument(help="The customer's id, as in the orders.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    proof: Annotated[
        bool, typer.Option("--proof", help="Print the query of the proof as well.")
    ] = False,
) -> None:
    """Take a person out of the warehouse, history and all versions, and keep them out."""
    if not yes:
        typer.confirm(
            f"Take {customer_id} out of {warehouse.path()} and every version in "
            f"{Published().root}? This cannot be undone",
            abort=True,
        )
    with _one_sentence_errors():
        found = forget_everywhere(Published(), customer_id)
    for file, mentions in found.items():
        if proof:
            _say(f"-- {file}\n{mentions.sql};")
        _say(f"{file}: {sum(rows for *_, rows in mentions.rows)} rows name the customer.")
        for table, column, rows in mentions.rows:
            _say(f"  {table}.{column}: {rows}")
    if any(mentions.rows for mentions in found.values()):
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Look for what could keep a build or a publish from working, and name the cures."""
    is_well = True
    for finding in examine(Published()):
        is_well = is_well and finding.is_well
        mark = "[green]well[/green]" if finding.is_well else "[red]ill[/red] "
        Console(soft_wrap=True, highlight=False).print(
            f"{mark}  [bold]{finding.subject}[/bold]: {escape(finding.text)}"
        )
    if not is_well:
        raise typer.Exit(1)


@app.command()
def tour() -> None:
    """Show what the warehouse was built from, and a few questions with their answers."""
    with _one_sentence_errors():
        origin, answers = first_look.take()
    console = Console(highlight=False, soft_wrap=True)
    for answer in answers:
        console.print(f"[bold]{answer.question.text}[/bold]{answer.question.sql}")
        table = Table()
        for column in answer.columns:
            table.add_column(column, overflow="fold")
        for row in answer.rows:
            table.add_row(*("" if value is None else str(value) for value in row))
        if answer.rows:
            Console().print(table)
        else:
            console.print("No rows: mart_input_coverage says which input is missing.")
    console.print(origin)


def _publish() -> None:
    started_at = time.monotonic()
    published = Published()
    there = {version.name for version in published.versions()}
    version, pruned = publish_version(published)
    done = (
        f"Already published: {version.name}"
        if version.name in there
        else f"Published {version.name} in {time.monotonic() - started_at:.1f} s"
    )
    _say(
        f"{done} ({version.size / 1e6:,.1f} MB): read {published.link / DATABASE}, or Parquet "
        f"beside it. To look at: {published.link / DASHBOARD}"
    )
    for old in pruned:
        _say(f"Removed {old.name} (dovecote_published_versions_kept).")


@contextmanager
def _progress_bar() -> Iterator[Callable[[building.Progress], None]]:
    """Show how far a build is; the time left is what the nodes left took last time."""
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[nodes]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[node]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("build", total=None, nodes="", node="starting")

        def show(progress: building.Progress) -> None:
            bar.update(
                task,
                completed=progress.done_seconds,
                total=progress.all_seconds,
                nodes=f"{progress.nodes_done} of {progress.nodes}",
                node=progress.node,
            )

        yield show


def _print_outcome(outcome: building.Outcome) -> None:
    for message in outcome.messages:
        _say(message, error=not outcome.is_green)
    for failure in outcome.failures:
        _say(f"Failed: {failure.node}: {failure.message}", error=True)
        if failure.relation:
            _say(f"  The rows in question: select * from {failure.relation}", error=True)
    if outcome.skipped:
        _say(f"{outcome.skipped} nodes that come after what failed were left out.", error=True)
    registered = outcome.build
    if registered is None and outcome.slowest:
        raise ValueError(
            f"dbt built another file than {warehouse.path()}: let DOVECOTE_WAREHOUSE name the path "
            "of the profile (and build a lake with dbt build)."
        )
    if registered is None or registered.nodes is None:
        begun = registered is not None and registered.status == "aborted"
        what = "The build did not end" if begun else "Nothing was built"
        _say(f"{what}. Logs: {outcome.run_folder / 'logs'}", error=True)
        return
    slowest = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.slowest)
    as_of = f", as of {registered.as_of:%Y-%m-%d %H:%M:%S} UTC" if registered.as_of else ""
    _say(
        f"{registered.status.capitalize()}: {registered.nodes_succeeded} of {registered.nodes} "
        f"nodes in {outcome.seconds:.0f} s{as_of}; the slowest were {slowest}."
    )
    for warning in building.steps_back(outcome):
        _say(f"Warning: {warning}", error=True)
    _say(f"Warehouse: {warehouse.path()}. Logs and compiled SQL: {outcome.run_folder}")


def _show(table: Table) -> None:
    """Print a table, one line a row wherever it goes to, so that it can be searched."""
    for column in table.columns:
        column.no_wrap = True
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _say(text: str, *, error: bool = False) -> None:
    Console(stderr=error, soft_wrap=True, highlight=False, markup=False).print(text)


@contextmanager
def _one_sentence_errors() -> Iterator[None]:
    """Turn the errors a user can cure into one sentence and exit code 2."""
    try:
        yield
    except ValueError as error:
        message = str(error)
    except duckdb.Error as error:
        message = f"{str(error).splitlines()[0].rstrip('.')}: try again, or see dovecote doctor."
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        message = f"{file}{error.strerror}: mend that, then try again."
    else:
        return
    _say(f"Error: {message}", error=True)
    raise typer.Exit(2)
