"""The figure of a run: every score's mean correlation with its interval, and its draws."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from davinz_jax.plots import INK, PALETTE, style
from experiments.report.plots import plt
from experiments.studies.fidelity.scores import LABEL_FREE, LABELLED, RIVAL, SCORES

COLOURS: Mapping[str, str] = dict(zip((LABELLED, LABEL_FREE, RIVAL), PALETTE, strict=False))


def scores_figure(summary: Mapping[str, Any], lines: pd.DataFrame) -> Figure:
    """Scores from the best down; a dot is the mean over draws, a tick a draw.

    Args:
        summary: of each score, as `analysis.summarise` gives it.
        lines: correlation of each draw and score, of the same role.
    """
    names = sorted(SCORES, key=lambda name: summary[name]["mean"][0])
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.22 * len(names)), layout="constrained")
    by_score = {str(name): part["spearman"].to_numpy() for name, part in lines.groupby("score")}
    for row, name in enumerate(names):
        mean, low, high = summary[name]["mean"]
        colour = COLOURS[SCORES[name].group]
        draws = by_score[name]
        axes.plot(draws, np.full(len(draws), row), "|", color=colour, alpha=0.5, markersize=7)
        axes.plot([low, high], [row, row], color=INK, linewidth=1.2)
        axes.plot(mean, row, "o", color=colour, markersize=5)
    axes.set_yticks(range(len(names)), [SCORES[name].title for name in names], fontsize=7)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("Spearman correlation with trained accuracy")
    for group, colour in COLOURS.items():
        axes.plot([], [], "o", color=colour, label=group)
    axes.legend(loc="lower left", frameon=False, fontsize=8)
    style(axes)
    return figure
