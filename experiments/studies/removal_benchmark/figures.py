"""Figures of a run: accuracy as rows go, and critical differences of ranks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from davinz_jax.plots import PALETTE, panels, style
from experiments.studies.detection_benchmark.figures import rank_figure
from experiments.studies.detection_benchmark.methods import METHODS
from experiments.studies.removal_benchmark.analysis import HALF

MOST_CURVES = 6
STEP = 0.05


def draw(content: Mapping[str, Any]) -> dict[str, Figure]:
    """Figures by file name.

    Args:
        content: what the JSON file of a run holds.
    """
    return {
        "removal_curves.png": curve_figure(content["curves"]),
        "removal_ranks.png": rank_figure(content["ranks"]),
    }


def curve_figure(curves: Mapping[str, Mapping[str, list[float]]]) -> Figure:
    """Mean test accuracy against the share of rows removed; the best methods of each direction."""
    figure, grid = panels((5.2 * len(curves), 4.2), across=len(curves))
    for axes, (direction, found) in zip(grid[0], curves.items(), strict=True):
        sign = -1.0 if direction == "lowest" else 1.0
        best = sorted(found, key=lambda name: sign * float(np.mean(found[name][1 : HALF + 1])))
        shown = list(dict.fromkeys([*best[:MOST_CURVES], "random"]))
        for colour, name in zip((*PALETTE, "#999999"), shown, strict=False):
            shares = STEP * np.arange(len(found[name]))
            axes.plot(shares, found[name], color=colour, lw=1.6, label=METHODS[name].title)
        axes.set_title(f"{direction} values removed first", loc="left", fontsize=10)
        axes.set_xlabel("share of the rows removed")
        axes.legend(fontsize=7, frameon=False, loc="lower left")
        style(axes)
    grid[0, 0].set_ylabel("test accuracy of a logistic regression")
    return figure
