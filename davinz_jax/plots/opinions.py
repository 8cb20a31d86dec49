"""A second opinion drawn beside the first."""

from typing import TYPE_CHECKING

import numpy as np

from davinz_jax.plots.style import INK, PALETTE, style
from davinz_jax.plots.text import drawn
from davinz_jax.plots.values import MOST_BARS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def add_opinion(figure: "Figure", frame: "pd.DataFrame", *, by: str, level: float) -> None:
    """Add a panel with the second opinion to a figure that `values_figure` made of the same frame.

    Few players stand in the first opinion's order, best first; many are drawn as one point each,
    the first opinion across and the second upwards.

    Args:
        figure: with the first opinion in its only axes.
        frame: columns value, second_value, second_low, second_high and second_rank.
        by: what the second opinion values by.
        level: coverage of the intervals second_low..second_high.
    """
    from matplotlib.gridspec import GridSpec

    ranked = frame.sort_values("value", ascending=False, ignore_index=True)
    is_short = len(ranked) <= MOST_BARS
    (first,) = figure.axes
    grid = GridSpec(1, 2, figure=figure, width_ratios=(2, 1))
    first.set_subplotspec(grid[0])
    axes = figure.add_subplot(grid[1], sharey=first if is_short else None)
    figure.set_figwidth(figure.get_figwidth() * 1.45)
    draw = _draw_few if is_short else _draw_many
    draw(axes, ranked, level)
    style(axes)
    axes.set_title(drawn(f"second opinion: {by}"), loc="left", fontsize=11)


def _draw_few(axes: "Axes", frame: "pd.DataFrame", level: float) -> None:
    value, places = frame["second_value"].to_numpy(), np.arange(len(frame))
    distances = np.abs(frame[["second_low", "second_high"]].to_numpy().T - value)
    has_limits = bool(np.isfinite(distances).all())
    axes.errorbar(
        value, places, xerr=distances if has_limits else None, fmt="D", color=PALETTE[5],
        markersize=4, capsize=3, elinewidth=1.2,
    )  # fmt: skip
    for place, rank in enumerate(frame["second_rank"]):
        axes.annotate(f"{rank}", (value[place], place), (0, 6), textcoords="offset points",
                      ha="center", fontsize=8, color=INK)  # fmt: skip
    axes.tick_params(labelleft=False)
    axes.locator_params(axis="x", nbins=5)
    axes.axvline(0, color=INK, linewidth=0.8)
    said = f"value, {level:.0%} interval" if has_limits else "value"
    axes.set_xlabel(f"{said}; figure: rank")


def _draw_many(axes: "Axes", frame: "pd.DataFrame", level: float) -> None:
    axes.plot(frame["value"], frame["second_value"], ".", color=PALETTE[5], markersize=3)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("value")
    axes.set_ylabel("value by the second opinion")
