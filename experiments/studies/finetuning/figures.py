"""Figures of a run: networks tuned on the best and worst rows, and accuracy as rows are removed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from davinz_jax.plots import INK, PALETTE, style
from experiments.report.plots import plt
from experiments.studies.finetuning.methods import METHODS

_SIDES = {
    "class_top": "highest of each class",
    "class_bottom": "lowest of each class",
    "top": "highest of all",
    "bottom": "lowest of all",
}
_COLOURS = dict(zip(_SIDES, (PALETTE[2], PALETTE[5], PALETTE[1], PALETTE[3]), strict=True))


def draw(content: Mapping[str, Any]) -> dict[str, Figure]:
    """Every figure, by file name."""
    return {"finetuning.png": _figure(content)}


def _figure(content: Mapping[str, Any]) -> Figure:
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    names = [name for name in METHODS if any(e["method"] == name for e in content["tuned"])]
    for entry in content["tuned"]:
        place = names.index(entry["method"])
        colour = _COLOURS[entry["side"]]
        left.plot([entry["low"], entry["high"]], [place, place], color=colour, linewidth=2)
        left.plot(entry["accuracy"], place, "o", color=colour)
    for side, label in _SIDES.items():
        left.plot([], [], "o-", color=_COLOURS[side], label=label)
    left.set_yticks(range(len(names)), [METHODS[name].title for name in names], fontsize=8)
    left.invert_yaxis()
    share = content["config"]["share"]
    left.set_xlabel(f"test accuracy of a network tuned on {share:.0%} of the rows")
    left.legend(frameon=False, fontsize=8, loc="lower left")
    for at, (name, curve) in enumerate(content["curves"].items()):
        colour = INK if name == "random" else PALETTE[at % len(PALETTE)]
        line = "--" if name == "random" else "-" if at < len(PALETTE) else ":"
        shares = 100 * np.array(content["removed"])
        right.plot(shares, curve, line, color=colour, label=METHODS[name].title, marker="o", ms=3)
    right.set_xlabel("% of rows removed, lowest values first")
    right.set_ylabel("test accuracy of a logistic regression\non frozen features")
    right.legend(frameon=False, fontsize=7)
    for axes in (left, right):
        style(axes)
    return figure
