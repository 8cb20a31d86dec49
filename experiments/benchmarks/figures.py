"""Figures of a run: engines against each other, cost as data grow, and where time goes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from davinz_jax.plots import INK, PALETTE, style
from experiments.report.plots import plt

Record = Mapping[str, Any]


def figures(records: Sequence[Record]) -> dict[str, Figure]:
    """Every figure that the records have numbers for, by name."""
    drawn: dict[str, tuple[Callable[[Sequence[Record]], Figure], list[Record]]] = {
        "ratios": (ratios_figure, [r for r in records if _judged_checks(r)]),
        "growth": (growth_figure, [r for r in records if "quantity" in r]),
        "where": (where_figure, [r for r in records if "where" in r]),
    }
    return {name: draw(chosen) for name, (draw, chosen) in drawn.items() if chosen}


def ratios_figure(records: Sequence[Record]) -> Figure:
    """Each bounded number as its share of the bound: 1 is the bound, in the direction wanted."""
    lines = [(record, check) for record in records for check in _judged_checks(record)]
    figure, axes = plt.subplots(figsize=(9, 1.4 + 0.42 * len(lines)), layout="constrained")
    for place, (_, check) in enumerate(lines):
        shares = sorted(_share(check, check["value"][key]) for key in ("min", "median", "max"))
        colour = PALETTE[2] if check["is_met"] else PALETTE[5]
        axes.plot(shares[::2], [place, place], color=colour, linewidth=2)
        axes.plot(shares[1], place, "o", color=colour)
    labels = [f"{record['name']}\n{check['what']}" for record, check in lines]
    axes.set_yticks(range(len(lines)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.axvline(1, color=INK, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("times as good as wanted (right of 1: wanted is met)")
    style(axes)
    return figure


def growth_figure(records: Sequence[Record]) -> Figure:
    """Seconds, and memory where it was read, against rows or blocks."""
    figure, grid = plt.subplots(
        1, len(records), figsize=(4.2 * len(records), 3.6), layout="constrained", squeeze=False
    )
    for axes, record in zip(grid[0], records, strict=True):
        _growth(axes, record)
    return figure


def _growth(axes: Axes, record: Record) -> None:
    sides, quantity = list(record["sides"].values()), record["quantity"]
    x = np.array([side[quantity] for side in sides])
    spreads = [_as_spread(side["seconds"]) for side in sides]
    median = np.array([spread["median"] for spread in spreads])
    reach = np.abs(np.array([[s["min"], s["max"]] for s in spreads]).T - median)
    axes.errorbar(x, median, yerr=reach, marker="o", color=PALETTE[0], capsize=3)
    axes.set(xscale="log", yscale="log", xlabel=quantity, ylabel="seconds")
    axes.set_title(record["name"], loc="left", fontsize=10)
    axes.set_xticks(x, [f"{value:,}" for value in x])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_minor_locator(LogLocator(subs=(1.5, 2, 3, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    style(axes)
    if all("peak_bytes" in side for side in sides):
        beside = axes.twinx()
        peaks = [side["peak_bytes"] / 1e9 for side in sides]
        beside.plot(x, peaks, "s--", color=PALETTE[1])
        beside.set_ylabel("peak memory (GB), dashed", color=PALETTE[1])
        beside.set_ylim(0, 1.4 * max(peaks))


def where_figure(records: Sequence[Record]) -> Figure:
    """Milliseconds a row of both engines, and the parts of which the layer-wise one should be."""
    figure, axes = plt.subplots(figsize=(8, 1.6 + 0.7 * len(records)), layout="constrained")
    for place, record in enumerate(records):
        scale, start = 1e3 / record["settings"]["num_rows"], 0.0
        for (part, seconds), colour in zip(record["where"].items(), PALETTE, strict=False):
            label = part if place == 0 else None
            axes.barh(place, scale * seconds, 0.55, left=start, color=colour, label=label)
            start += scale * seconds
        for engine, line in (("layerwise", ":"), ("neural_tangents", "-")):
            if engine not in record["sides"]:
                continue
            whole = scale * record["sides"][engine]["seconds"]["median"]
            reach = [place - 0.36, place + 0.36]
            label = f"{engine}, as measured" if place == 0 else None
            axes.plot([whole, whole], reach, line, color=INK, linewidth=2, label=label)
    axes.set_yticks(range(len(records)), [record["name"] for record in records])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds a row")
    axes.set_xscale("symlog", linthresh=1.0)
    style(axes)
    axes.figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure


def _judged_checks(record: Record) -> list[Mapping[str, Any]]:
    return [check for check in record["checks"] if check["is_met"] is not None]


def _share(check: Mapping[str, Any], value: float) -> float:
    if check["at_least"] is not None:
        return value / check["at_least"]
    return check["at_most"] / value


def _as_spread(value: Any) -> Mapping[str, float]:
    if isinstance(value, Mapping):
        return value
    return {"min": value, "median": value, "max": value}
