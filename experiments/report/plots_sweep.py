"""The figure of a sweep: two settings or fifty, on one page that can be read."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from davinz_jax.plots import INK, PALETTE, drawn, style
from experiments.report.estimates import OverSeeds
from experiments.report.plots import plt

ACROSS = 3
"""Panels beside each other, so that a page stays a page."""

FEW = 15
"""Settings up to which a line has room to spare."""

BAND = "0.95"


def sweep_figure(panels: Mapping[str, Mapping[str, OverSeeds]]) -> Figure:
    """One panel a number, one line a setting; settings are named once, at the left.

    Args:
        panels: number's name -> setting -> estimate over seeds; a number that is not defined has
            no point, nor has a setting without it.
    """
    settings = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    down, across = -(-len(panels) // ACROSS), min(ACROSS, len(panels))
    figure, grid = plt.subplots(
        down, across, figsize=_size(settings, down, across), sharey=True, layout="constrained",
        squeeze=False,
    )  # fmt: skip
    for axes, (title, panel), colour in zip(grid.flat, panels.items(), PALETTE * 2, strict=False):
        _panel(axes, panel, settings, colour)
        axes.set_title(drawn(title), loc="left", fontsize=9)
    for axes in grid.flat[len(panels) :]:
        axes.axis("off")
    _name_settings(grid[0, 0], settings)
    figure.supxlabel("mean and interval over seeds", fontsize=9)
    return figure


def _size(settings: list[str], down: int, across: int) -> tuple[float, float]:
    """Inches: lines lie closer where they are many; names need their length."""
    line = 0.3 if len(settings) <= FEW else 0.17
    longest = max(len(drawn(name)) for name in settings)
    return 0.5 + 0.075 * longest + 2.6 * across, 0.6 + down * (0.7 + line * len(settings))


def _panel(axes: Axes, panel: Mapping[str, OverSeeds], settings: list[str], colour: str) -> None:
    """Points with intervals, on bands that lead the eye from a name to its point."""
    for row in range(0, len(settings), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=BAND, linewidth=0, zorder=0)
    for row, name in enumerate(settings):
        estimate = panel.get(name)
        if estimate is None or estimate.mean is None:
            continue
        if estimate.low is not None and estimate.high is not None:
            axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=1.5)
        axes.plot([estimate.mean], [row], "o", color=colour, markersize=4)
    style(axes)
    axes.tick_params(labelsize=8, labelcolor=INK)
    axes.locator_params(axis="x", nbins=4)


def _name_settings(axes: Axes, settings: list[str]) -> None:
    """Names at the left, the first one at the top; panels share the axis."""
    axes.set_yticks(range(len(settings)), [drawn(name) for name in settings])
    axes.set_ylim(len(settings) - 0.5, -0.5)
