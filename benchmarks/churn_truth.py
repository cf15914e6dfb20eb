"""The demo's purchase model beside the truth that made the demo, as pictures in docs/churn.

Run `make demo`, then `.venv/bin/python benchmarks/churn_truth.py`. The demo has seasons, growth and
refill rhythms that no purchase model knows of: what they cost is what the pictures show.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator
from scipy.stats import norm

from dovecote import btyd
from dovecote.simulate import Settings, write_shop
from dovecote.simulate.purchases import CHANNELS

PROJECT = Path(__file__).parents[1]
DEMO = Settings(customers=2000, days=546, seed=7, dirty_share=0.01, late_share=0.01)
"""The shop of `make demo-shop`."""
MODEL = "mbg_nbd"
PARAMETERS = btyd.PARAMETERS[MODEL]
HISTORY = ["repeat_days", "first_to_last_days", "age_days"]
BINS = 10
TWO_SIDED_95 = float(norm.ppf(0.975))
# Okabe and Ito's colours, told apart by all kinds of colour vision, and by their markers.
BLUE, VERMILLION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
SERIES = ((BLUE, "o"), (VERMILLION, "s"), (GREEN, "^"))
HISTORIES = f"""
    select histories.customer_id, histories.repeat_days, histories.first_to_last_days,
        histories.age_days, tuple_scores.p_alive
    from dovecote_intermediate.int_churn__histories as histories
    inner join dovecote_intermediate.int_churn__spans as spans
        using (activity)
    inner join dovecote_intermediate.int_churn__tuple_scores as tuple_scores
        using (activity, cutoff_date, repeat_days, first_to_last_days, age_days)
    where
        activity = 'order'
        and cutoff_date = spans.as_of_date
        and tuple_scores.fit_date = spans.as_of_date
        and tuple_scores.model_name = '{MODEL}'
        and tuple_scores.horizon_days = (
            select min(horizon_days) from dovecote_intermediate.int_churn__model_choice
        )
"""
CALIBRATION = """
    select calibration.*
    from dovecote_marts.mart_churn_calibration as calibration
    inner join dovecote_intermediate.int_churn__model_choice as model_choice
        using (activity, horizon_days, model_name)
    where activity = 'order'
    order by horizon_days, cutoff_date, calibration_bin
"""


def main() -> None:
    """Read the demo's warehouse, simulate its truth anew, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=PROJECT / "warehouse" / "demo.duckdb")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "churn")
    options = parser.parse_args()
    mpl.use("Agg")
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    with duckdb.connect(options.warehouse, read_only=True) as connection:
        histories = connection.query(HISTORIES).df()
        calibration = connection.query(CALIBRATION).df()
    with tempfile.TemporaryDirectory() as folder:
        write_shop(DEMO, Path(folder))
        truth = pd.read_csv(Path(folder) / "truth" / "customers.csv")
    customers = histories.merge(truth, on="customer_id", validate="one_to_one")
    if len(customers) < len(histories):
        raise ValueError(
            f"customer_id of {options.warehouse} is not the demo's: build it with make demo."
        )
    fits = fitted_by_channel(customers)
    options.out.mkdir(parents=True, exist_ok=True)
    draw_parameters(fits, options.out / "parameters.png")
    draw_survival(customers, options.out / "p_alive.png")
    draw_calibration(calibration, options.out / "churn_probability.png")
    write_text(fits, options.out / "README.md")


def fitted_by_channel(customers: pd.DataFrame) -> pd.DataFrame:
    """Fit each channel and set its parameters, with 95 % intervals, beside the true ones.

    Intervals are those of the logarithms, which are nearer to normal.
    """
    rows = []
    for channel, members in customers.groupby("acquisition_channel"):
        fit = btyd.fit(MODEL, *(members[name] for name in HISTORY))
        for name, estimate in fit.parameters.items():
            reach = np.exp(TWO_SIDED_95 * fit.standard_errors[name] / estimate)
            rows.append(
                {
                    "channel": channel,
                    "customers": len(members),
                    "parameter": name,
                    "truth": getattr(CHANNELS[str(channel)], name),
                    "estimate": estimate,
                    "low": estimate / reach,
                    "high": estimate * reach,
                }
            )
    return pd.DataFrame(rows)


def draw_parameters(fits: pd.DataFrame, path: Path) -> None:
    """Draw estimates with their intervals and the truth, a panel a parameter."""
    figure, panels = plt.subplots(1, len(PARAMETERS), figsize=(10, 3.6), sharey=True)
    for panel, name in zip(panels, PARAMETERS, strict=True):
        rows = fits[fits["parameter"] == name].reset_index(drop=True)
        reach = [rows["estimate"] - rows["low"], rows["high"] - rows["estimate"]]
        panel.errorbar(
            rows["estimate"],
            rows.index,
            xerr=reach,
            fmt="o",
            color=BLUE,
            capsize=3,
            label="fitted, 95 % interval",
        )
        panel.plot(rows["truth"], rows.index, "D", color=VERMILLION, label="truth")
        panel.set_xscale("log")
        is_wide = rows["high"].max() > 50 * rows["low"].min()
        panel.xaxis.set_major_locator(LogLocator(subs=(1,) if is_wide else (1, 2, 5)))
        panel.xaxis.set_major_formatter("{x:g}")
        panel.minorticks_off()
        panel.set_xlabel("alpha (days)" if name == "alpha" else f"{name} (no unit)")
        panel.grid(axis="x", color="0.9")
    sizes = fits.drop_duplicates("channel")
    panels[0].set_yticks(
        range(len(sizes)), [f"{row.channel} ({row.customers})" for row in sizes.itertuples()]
    )
    panels[0].set_ylabel("acquisition channel (customers)")
    panels[0].set_ylim(len(sizes) - 0.5, -0.5)
    ratio = mean_ratio(fits)
    held = int(fits["truth"].between(fits["low"], fits["high"]).sum())
    figure.suptitle(
        f"MBG/NBD on the seasonal demo: on average r comes out {ratio['r']:.1f} times and alpha "
        f"{ratio['alpha']:.1f} times the truth;\n{held} of {len(fits)} intervals hold it"
    )
    figure.legend(*panels[0].get_legend_handles_labels(), loc="lower center", ncols=2)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    _save(figure, path)


def draw_survival(customers: pd.DataFrame, path: Path) -> None:
    """Draw true survival by P(alive), as fitted and by the parameters that made the shop."""
    is_alive = customers["died_at"].isna().to_numpy(dtype=np.float64)
    by_truth = np.empty(len(customers))
    for channel, members in customers.groupby("acquisition_channel").indices.items():
        parameters = {name: getattr(CHANNELS[str(channel)], name) for name in PARAMETERS}
        histories = customers.iloc[members][HISTORY].to_numpy().T
        by_truth[members] = btyd.p_alive(MODEL, parameters, *histories)
    by_fit = customers["p_alive"].to_numpy()
    figure, panel = plt.subplots(figsize=(6, 5.6))
    _draw_diagonal(panel)
    for label, predicted, (colour, marker) in (
        ("by one fit for all channels", by_fit, SERIES[0]),
        ("by the channels' true parameters", by_truth, SERIES[1]),
    ):
        groups = np.array_split(np.argsort(predicted, kind="stable"), BINS)
        mean = np.array([predicted[group].mean() for group in groups])
        share = np.array([is_alive[group].mean() for group in groups])
        low, high = wilson_interval(share, np.array([len(group) for group in groups]))
        panel.errorbar(
            mean,
            share,
            yerr=np.maximum([share - low, high - share], 0),
            fmt=marker,
            color=colour,
            capsize=3,
            label=label,
        )
    panel.set_xlabel("P(alive) of MBG/NBD at as_of, mean of a tenth of customers")
    panel.set_ylabel("share truly alive, with 95 % Wilson interval")
    panel.set_title(
        f"P(alive) of {by_fit.mean():.0%} on average where {is_alive.mean():.0%} are alive: "
        f"the fit\ngives up too early; the true parameters do not ({by_truth.mean():.0%})",
        fontsize=10,
    )
    panel.legend(loc="upper left", frameon=False)
    figure.tight_layout()
    _save(figure, path)


def draw_calibration(calibration: pd.DataFrame, path: Path) -> None:
    """Draw observed churn by published probability at each past cut-off, a panel a horizon."""
    horizons = sorted(calibration["horizon_days"].unique())
    figure, panels = plt.subplots(
        1, len(horizons), figsize=(10, 4.2), sharey=True, squeeze=False, layout="constrained"
    )
    for panel, horizon_days in zip(panels[0], horizons, strict=True):
        _draw_diagonal(panel)
        rows = calibration[calibration["horizon_days"] == horizon_days]
        cutoffs = rows.groupby("cutoff_date")
        for (cutoff_date, bins), (colour, marker) in zip(cutoffs, SERIES, strict=True):
            observed = bins["observed_rate"]
            panel.errorbar(
                bins["mean_probability"],
                observed,
                yerr=np.maximum([observed - bins["ci_low"], bins["ci_high"] - observed], 0),
                fmt=marker,
                markersize=4,
                linewidth=1,
                color=colour,
                capsize=2,
                label=f"{cutoff_date:%Y-%m-%d}",
            )
        panel.set_title(f"{horizon_days} days", fontsize=10)
        panel.set_xlabel("churn_probability, mean of a bin")
        panel.legend(title="cut-off", loc="upper left", frameon=False, fontsize=9)
    panels[0][0].set_ylabel("share without an order in the horizon, 95 % interval")
    inside = calibration["mean_probability"].between(calibration["ci_low"], calibration["ci_high"])
    (model,) = calibration["model_name"].unique()
    figure.suptitle(
        f"Published probabilities ({model}) at past cut-offs: "
        f"{inside.sum()} of {len(inside)} lie in the interval of what was observed.\n"
        "In 90 days before Christmas fewer stay away than predicted, after it more"
    )
    _save(figure, path)


def wilson_interval(share: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the 95 % interval of a proportion (Wilson 1927, JASA 22, 209-212).

    Parameters
    ----------
    share, size
        Observed proportions and of how many, shape (n,).
    """
    squared = TWO_SIDED_95**2 / size
    centre = (share + squared / 2) / (1 + squared)
    reach = (
        TWO_SIDED_95 * np.sqrt(share * (1 - share) / size + squared / (4 * size)) / (1 + squared)
    )
    return centre - reach, centre + reach


def mean_ratio(fits: pd.DataFrame) -> dict[str, float]:
    """Give the geometric mean over channels of estimate to truth, by parameter."""
    logs = np.log(fits["estimate"] / fits["truth"])
    return {
        str(name): float(value)
        for name, value in np.exp(logs.groupby(fits["parameter"]).mean()).items()
    }


def write_text(fits: pd.DataFrame, path: Path) -> None:
    """Write the page that shows the pictures and the estimates."""
    lines = [
        "# Churn: what the purchase model finds in the demo",
        "",
        "The demo is simulated, so the truth is known: each channel's parameters, and when each "
        "customer left. It has seasons, growth and refill rhythms that no purchase model knows of. "
        "On a stationary simulation the same fit finds the truth within its errors "
        "(`tests/python/test_churn_recovery.py`). Made by `benchmarks/churn_truth.py`.",
        "",
        "![Fitted parameters by channel beside the true ones](parameters.png)",
        "",
        "| Channel | Customers | "
        + " | ".join(f"{name}: fitted, true" for name in PARAMETERS)
        + " |",
        "|---|---:|" + "---:|" * len(PARAMETERS),
    ]
    for (channel, customers), rows in fits.groupby(["channel", "customers"]):
        cells = [
            f"{row.estimate:.2f} ({row.low:.2f} to {row.high:.2f}), {row.truth:.2f}"
            for row in rows.itertuples()
        ]
        lines.append(f"| {channel} | {customers} | {' | '.join(cells)} |")
    ratio = mean_ratio(fits)
    cells = [f"{ratio[name]:.2f}" for name in PARAMETERS]
    lines += [
        f"| fitted to true, geometric mean | | {' | '.join(cells)} |",
        "",
        "![Share of customers truly alive by P(alive)](p_alive.png)",
        "",
        "P(alive) is a diagnostic and is not published as churn. The probability that is, "
        "of no order within a horizon, is graded at past cut-offs:",
        "",
        "![Share of customers without an order by churn probability](churn_probability.png)",
        "",
    ]
    path.write_text("\n".join(lines))


def _draw_diagonal(panel: Axes) -> None:
    panel.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
    panel.set_aspect("equal")
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    panel.grid(color="0.92")
    panel.set_axisbelow(True)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
