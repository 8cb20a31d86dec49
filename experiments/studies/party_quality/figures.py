"""The figure of a run: how well every score's values order the parties, data set by data set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from davinz_jax.plots import INK, PALETTE, style
from experiments.report.plots import plt
from experiments.studies.party_quality.analysis import look_up
from experiments.studies.party_quality.scores import LEAVE_ONE_OUT, SCORES, SHAPLEY
from experiments.studies.party_quality.specs import ORDERED

CAUSES = {"labels": "wrong labels", "inputs": "noise in the inputs"}


def order_figure(content: Mapping[str, Any]) -> Figure:
    """Spearman of value with cleanliness on showing draws; a line is an interval over draws.

    Args:
        content: what the JSON file of a run holds.
    """
    names = [name for name in SCORES if name != "size"][::-1]
    rows = list(look_up(content["order"], role="showing"))
    data = list(dict.fromkeys(row["data"] for row in rows))
    figure, grid = plt.subplots(
        2, 2, figsize=(11, 0.6 * len(names) + 1.5), layout="constrained", sharex=True, sharey=True
    )
    for axes_row, semivalue in zip(grid, (SHAPLEY, LEAVE_ONE_OUT), strict=True):
        for axes, quality in zip(axes_row, ORDERED, strict=True):
            panel = list(look_up(rows, quality=quality, semivalue=semivalue))
            _draw(axes, panel, names, data)
            axes.set_title(f"{CAUSES[quality]}, {semivalue}", loc="left", fontsize=10)
    for axes in grid[:, 0]:
        axes.set_yticks(range(len(names)), [SCORES[name].title for name in names], fontsize=7)
    for axes in grid[1]:
        axes.set_xlabel("Spearman of value with cleanliness")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(data), frameon=False)
    return figure


def _draw(axes: Axes, panel: list[Mapping[str, Any]], names: list[str], data: list[str]) -> None:
    shifts = np.linspace(0.25, -0.25, len(data)) if len(data) > 1 else [0.0]
    for shift, colour, name in zip(shifts, PALETTE, data, strict=False):
        rows = [row for row in look_up(panel, data=name) if row["score"] in names]
        height = [names.index(row["score"]) + shift for row in rows]
        axes.hlines(
            height,
            [row["low"] for row in rows],
            [row["high"] for row in rows],
            color=colour,
            lw=1.2,
        )
        axes.plot([row["mean"] for row in rows], height, "o", ms=3.5, color=colour, label=name)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlim(right=1.03)
    style(axes)
