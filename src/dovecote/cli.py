"""The `dovecote` command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dovecote import simulate as simulator
from dovecote import tour as first_look
from dovecote import warehouse

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
        )
        simulator.prepare_folder(out)
        written = simulator.write_shop(settings, out)
    table = Table("table", "rows", "bytes", title=f"Simulated shop in {out}")
    for file in written:
        table.add_row(file.table, f"{file.rows:,}", f"{file.size:,}")
    table.add_section()
    table.add_row(
        "all", f"{sum(file.rows for file in written):,}", f"{sum(file.size for file in written):,}"
    )
    Console().print(table)


@app.command()
def check() -> None:
    """Say whether a build can start: the warehouse can be written."""
    with _one_sentence_errors():
        warehouse.check()


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


@contextmanager
def _one_sentence_errors() -> Iterator[None]:
    """Turn the errors a user can cure into one sentence and exit code 2."""
    try:
        yield
    except ValueError as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename} cannot be written: {error.strerror}."
    else:
        return
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"Error: {message}")
    raise typer.Exit(2)
