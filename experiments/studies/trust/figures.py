"""The figure of a run: what each score foretold of every set, against what networks achieved."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from davinz_jax.plots import INK, PALETTE, drawn, style
from experiments.report.plots import plt
from experiments.report.tables import span
from experiments.studies.trust.scores import PREDICTORS, UTILITY, name_of

MARKERS = "os^vDPX"
"""One a kind, so that nobody has to tell colours apart."""


def calibration_figure(content: Mapping[str, Any]) -> Figure:
    """One panel a predictor: a point is a set, its kind its colour; the line, means of fifths.

    Args:
        content: what result.json of a run holds.
    """
    names = [name for name in PREDICTORS if name in content["scores"]]
    figure, grid = plt.subplots(
        1, len(names), figsize=(4.0 * len(names), 4.4), layout="constrained", sharey=True
    )
    for axes, name in zip(np.atleast_1d(grid), names, strict=True):
        _draw(axes, name, content)
    figure.supylabel(f"{_unit(content)} of trained networks", fontsize=10)
    handles, labels = np.atleast_1d(grid)[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _draw(axes: Axes, name: str, content: Mapping[str, Any]) -> None:
    sets, told = content["sets"], content["scores"][name]
    for at, kind in enumerate(_kinds(sets)):
        own = [each for each in sets if each["kind"] == kind]
        look: Any = {"color": PALETTE[at % len(PALETTE)], "marker": MARKERS[at % len(MARKERS)]}
        axes.plot(*_points(own, name), ls="", ms=4.5, alpha=0.7, mew=0, label=kind, **look)
    fifths = [(each["score"], each["accuracy"]) for each in told["calibration"]]
    axes.plot(*np.array(fifths).T, "-", color=INK, linewidth=1.4, label="mean of each fifth")
    if name != UTILITY:
        _draw_diagonal(axes)
    title = f"{drawn(name_of(name, content))}\nSpearman {span(told['spearman'])}"
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel("score" if name == UTILITY else f"{_unit(content)}, as foretold")
    style(axes)


def _draw_diagonal(axes: Axes) -> None:
    """Where a set would stand that achieves what was foretold."""
    low = max(axes.get_xlim()[0], axes.get_ylim()[0])
    high = min(axes.get_xlim()[1], axes.get_ylim()[1])
    if high > low:
        axes.plot([low, high], [low, high], "--", color=INK, lw=0.8, label="as foretold")


def _kinds(sets: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(each["kind"] for each in sets))


def _points(sets: Sequence[Mapping[str, Any]], name: str) -> tuple[list[float], list[float]]:
    return [each[name] for each in sets], [each["accuracy"] for each in sets]


def _unit(content: Mapping[str, Any]) -> str:
    return "R²" if content["task"] == "regression" else "accuracy"
