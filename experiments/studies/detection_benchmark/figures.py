"""Figures of a run: critical differences of ranks, and how soon the wrong rows are met."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from davinz_jax.plots import INK, PALETTE, panels, style
from experiments.studies.detection_benchmark import page
from experiments.studies.detection_benchmark.methods import METHODS

MOST_CURVES = 6
"""Methods that a panel draws, the best by the area below their curves."""


def draw(content: Mapping[str, Any]) -> dict[str, Figure]:
    """Figures by file name.

    Args:
        content: what the JSON file of a run holds.
    """
    figures = {"detection_recall.png": recall_figure(content["recall"])}
    if content["ranks"]:
        figures["detection_ranks.png"] = rank_figure(content["ranks"])
    return figures


def rank_figure(families: Sequence[Mapping[str, Any]]) -> Figure:
    """One critical-difference diagram a family; a bar joins methods that are not told apart.

    Args:
        families: as `analysis.rank_families` gives them; methods of ours are drawn in blue.
    """
    import scikit_posthocs

    heights = [0.9 + 0.17 * len(family["rank"]) for family in families]
    figure, grid = panels((11, sum(heights)), down=len(families))
    grid[0, 0].get_gridspec().set_height_ratios(heights)
    for axes, family in zip(grid[:, 0], families, strict=True):
        titles = {name: METHODS[name].title for name in family["rank"]}
        ranks = pd.Series({titles[name]: row[0] for name, row in family["rank"].items()})
        chances = pd.DataFrame(family["chance"]).rename(index=titles, columns=titles)
        scikit_posthocs.critical_difference_diagram(
            ranks,
            chances.loc[ranks.index, ranks.index],
            ax=axes,
            label_fmt_left="{label} ({rank:.1f})",
            label_fmt_right="{label} ({rank:.1f})",
            text_h_margin=0.3,
            label_props={"size": 8},
            color_palette={
                title: PALETTE[0] if METHODS[name].is_ours else INK
                for name, title in titles.items()
            },
            crossbar_props={"color": PALETTE[5], "linewidth": 2.5},
            elbow_props={"linewidth": 0.8},
            marker_props={"color": INK, "s": 12},
        )
        axes.set_title(f"{family['title']}: mean rank over {len(family['data'])} data sets",
                       loc="left", fontsize=10)  # fmt: skip
    return figure


def recall_figure(curves: Mapping[str, Mapping[str, list[float]]]) -> Figure:
    """Share of the wrong rows met among the lowest-valued rows, by kind of noise."""
    figure, grid = panels((4.2 * len(curves), 4.2), across=len(curves))
    for axes, (noise, found) in zip(grid[0], curves.items(), strict=True):
        best = sorted(found, key=lambda name: -float(np.mean(found[name])))[:MOST_CURVES]
        shown = list(dict.fromkeys([*best, "random"]))
        for colour, name in zip((*PALETTE, "#999999"), shown, strict=False):
            shares = np.linspace(0, 1, len(found[name]) + 1)
            axes.plot(shares, [0, *found[name]], color=colour, lw=1.6, label=METHODS[name].title)
        axes.set_title(page.NOISES[noise], loc="left", fontsize=10)
        axes.set_xlabel("share of the rows looked at, lowest value first")
        axes.legend(fontsize=7, frameon=False, loc="lower right")
        style(axes)
    grid[0, 0].set_ylabel("share of the wrong rows met")
    return figure
