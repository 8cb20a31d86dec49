"""Figures of the paper's experiments; frames in, matplotlib figures out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from davinz_jax.plots import INK, PALETTE, TERM_CAPTIONS, drawn, style
from experiments.report.estimates import OverSeeds, over_seeds
from experiments.report.plots import plt

COLOURS = PALETTE * 3


class Abscissa(Protocol):
    """What a property's figure needs to know of its question."""

    @property
    def quantity(self) -> str:
        """What is on the axis."""
        ...

    @property
    def unit(self) -> str:
        """Its unit."""
        ...

    @property
    def is_logarithmic(self) -> bool:
        """Whether the axis is logarithmic."""
        ...


def property_figure(
    frame: pd.DataFrame,
    columns: Sequence[str],
    question: Abscissa,
    *,
    level: float,
    captions: Mapping[str, str] = MappingProxyType({}),
) -> Figure:
    """One panel a column: each seed as a thin line, the mean with its interval.

    Args:
        frame: columns seed and dose, and those that are drawn.
        columns: values and their terms, and what stands beside.
        question: what the dose is of.
        level: coverage of the interval.
        captions: column -> how its panel is named, where that is not a term of ours.
    """
    across = min(3, len(columns))
    down = -(-len(columns) // across)
    figure, grid = plt.subplots(
        down, across, figsize=(max(3.4 * across, 4.5), 3.2 * down), layout="constrained",
        squeeze=False,
    )  # fmt: skip
    for axes in grid.flat[len(columns) :]:
        axes.axis("off")
    for axes, column, colour in zip(grid.flat, columns, (INK, *COLOURS), strict=False):
        _seeds_and_mean(axes, frame, column, colour, level)
        if question.is_logarithmic:
            axes.set_xscale("log")
        axes.set_xlabel(f"{question.quantity} ({question.unit})")
        axes.set_title({**TERM_CAPTIONS, **captions}.get(column, column), loc="left", fontsize=10)
        style(axes)
    grid[0, 0].set_ylabel("value of a party alone")
    return figure


def _seeds_and_mean(
    axes: Axes, frame: pd.DataFrame, column: str, colour: str, level: float
) -> None:
    for _, part in frame.groupby("seed"):
        ranked = part.sort_values("dose")
        axes.plot(ranked["dose"], ranked[column], color=colour, linewidth=0.6, alpha=0.35)
    doses = np.unique(frame["dose"].to_numpy())
    found = [
        over_seeds(frame.loc[frame["dose"] == dose, column].to_numpy(), level=level)
        for dose in doses
    ]
    means, lows, highs = np.array([(e.mean, e.low, e.high) for e in found], np.float64).T
    axes.plot(doses, means, "o-", color=colour, markersize=4, linewidth=1.5)
    axes.fill_between(doses, lows, highs, color=colour, alpha=0.15)


def matrix_figure(
    matrix: np.ndarray, names: Sequence[str], *, title: str, titles: Sequence[str]
) -> Figure:
    """Agreement of all pairs, one matrix a panel.

    Args:
        matrix: (panels, names, names) numbers in [-1, 1]; NaN is left blank.
        names: rows and columns.
        title: what the numbers are.
        titles: one a panel.
    """
    figure, grid = plt.subplots(
        1, len(matrix), figsize=(4.2 * len(matrix), 3.6), layout="constrained", squeeze=False
    )
    for axes, panel, text in zip(grid[0], matrix, titles, strict=True):
        image = axes.imshow(panel, cmap="RdBu", vmin=-1, vmax=1)
        for i, j in np.argwhere(np.isfinite(panel)):
            colour = "white" if abs(panel[i, j]) > 0.6 else INK
            axes.text(j, i, f"{panel[i, j]:.2f}", ha="center", va="center", color=colour, size=8)
        axes.set_xticks(range(len(names)), [drawn(name) for name in names], rotation=45, ha="right")
        axes.set_yticks(range(len(names)), [drawn(name) for name in names])
        axes.set_title(text, loc="left", fontsize=10)
    figure.colorbar(image, ax=grid[0].tolist(), label=title, shrink=0.8)
    return figure


def estimates_figure(
    groups: Mapping[str, Mapping[str, OverSeeds]], *, xlabel: str, zero: bool = True
) -> Figure:
    """Numbers with intervals as points, one panel a group, names to the left.

    Args:
        groups: panel -> name -> estimate; a name that is undefined has no point.
        xlabel: what the numbers are.
        zero: whether zero is marked.
    """
    tallest = max(len(group) for group in groups.values())
    figure, grid = plt.subplots(
        1, len(groups), figsize=(1.6 + 3.0 * len(groups), 1.4 + 0.3 * tallest),
        layout="constrained", squeeze=False,
    )  # fmt: skip
    for axes, (title, group), colour in zip(grid[0], groups.items(), COLOURS, strict=False):
        for row, estimate in enumerate(group.values()):
            _point(axes, row, estimate, colour)
        axes.set_yticks(range(len(group)), [drawn(name) for name in group])
        axes.invert_yaxis()
        if zero:
            axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_title(drawn(title), loc="left", fontsize=10)
        axes.set_xlabel(xlabel)
        style(axes)
    return figure


def _point(axes: Axes, row: int, estimate: OverSeeds, colour: str) -> None:
    if estimate.mean is None:
        return
    if estimate.low is not None and estimate.high is not None:
        axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=1.6)
    axes.plot([estimate.mean], [row], "o", color=colour, markersize=5)


def scatter_figure(
    frame: pd.DataFrame, columns: Sequence[str], against: str, *, captions: Mapping[str, str]
) -> Figure:
    """One panel a column against what was measured by training; colours tell the seeds apart.

    Args:
        frame: a row a point: seed, the columns, and what they are held against.
        columns: one a panel.
        against: column of the vertical axis.
        captions: column -> how it is named in the figure; its own name where there is none.
    """
    across = min(4, len(columns))
    down = -(-len(columns) // across)
    figure, grid = plt.subplots(
        down, across, figsize=(2.7 * across, 2.5 * down), layout="constrained", squeeze=False
    )
    for axes in grid.flat[len(columns) :]:
        axes.axis("off")
    for axes, column in zip(grid.flat, columns, strict=False):
        for (_, part), colour in zip(frame.groupby("seed"), COLOURS, strict=False):
            axes.scatter(part[column], part[against], s=10, color=colour, alpha=0.7, linewidth=0)
        axes.set_title(captions.get(column, column), loc="left", fontsize=9)
        style(axes)
    figure.supylabel(captions.get(against, against), fontsize=10)
    return figure


def growth_figure(
    seconds: Mapping[tuple[str, int, str], float], *, captions: Mapping[str, str]
) -> Figure:
    """Seconds against rows, both logarithmic: a panel a network, a line a method.

    Args:
        seconds: (network, rows, method) -> seconds.
        captions: method -> how the legend names it; its own name where there is none.
    """
    models = list(dict.fromkeys(model for model, _, _ in seconds))
    methods = list(dict.fromkeys(method for _, _, method in seconds))
    figure, grid = plt.subplots(
        1, len(models), figsize=(1.8 + 3.2 * len(models), 3.6), layout="constrained",
        squeeze=False, sharey=True,
    )  # fmt: skip
    for axes, model in zip(grid[0], models, strict=True):
        for place, method in enumerate(methods):
            line = {rows: s for (m, rows, own), s in seconds.items() if (m, own) == (model, method)}
            axes.plot(
                list(line), list(line.values()), f"{'os^D'[place // len(PALETTE) % 4]}-",
                color=COLOURS[place % len(COLOURS)], linewidth=2.0 if place == 0 else 1.0,
                markersize=4, label=captions.get(method, method),
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="rows")
        axes.set_title(drawn(model), loc="left", fontsize=10)
        style(axes)
    grid[0, 0].set_ylabel("seconds")
    beside: Any = {"loc": "outside right", "fontsize": 8}
    figure.legend(*grid[0, 0].get_legend_handles_labels(), **beside)
    return figure
