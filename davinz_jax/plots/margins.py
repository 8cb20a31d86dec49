"""Figures of margins, with the rows that were dropped."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from davinz_jax.plots.style import INK, PALETTE, finish, panels, style
from davinz_jax.plots.text import drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUM_BINS = 60
FARTHEST = 2.0
"""How far beyond the cut margins are drawn, over the distance of the cut from the highest."""


def margins_figure(
    margin: Float[np.ndarray, " n"],
    dropped: Bool[np.ndarray, " n"],
    *,
    corrupted: Bool[np.ndarray, " n"] | None,
    title: str,
    unit: str,
) -> "Figure":
    """Histogram of margins, dropped rows in another colour, and the cut between them.

    Args:
        margin: low is doubtful.
        dropped: rows of lowest margin.
        corrupted: rows spoilt on purpose, drawn as a line, where there are any.
        title: what is judged.
        unit: what a margin is.
    """
    figure, grid = panels((8, 4))
    axes, cut = grid[0, 0], _cut(margin, dropped)
    shown = np.maximum(margin, _lowest(margin, cut))
    bins = _bins(shown, cut)
    parts = [(~dropped, PALETTE[0], "kept"), (dropped, PALETTE[5], "dropped")]
    axes.hist(
        [shown[rows] for rows, _, _ in parts],
        bins=bins,  # pyright: ignore[reportArgumentType]
        stacked=True,
        color=[colour for _, colour, _ in parts],
        label=[f"{name} ({int(rows.sum()):,})" for rows, _, name in parts],
    )
    if corrupted is not None:
        axes.hist(
            shown[corrupted], bins=bins, histtype="step", color=INK, linewidth=1.2,  # pyright: ignore[reportArgumentType]
            label=f"spoilt on purpose ({int(corrupted.sum()):,})",
        )  # fmt: skip
    if cut is not None:
        axes.axvline(cut, color=INK, linestyle="--", linewidth=1, label=f"cut at {cut:.2g}")
    axes.set_yscale("function", functions=(lambda y: np.sqrt(np.maximum(y, 0)), np.square))
    axes.set_xlabel(unit + (" (lowest gathered at the left)" if (shown != margin).any() else ""))
    axes.set_ylabel("rows (root scale)")
    finish(axes, title, columns=4)
    return figure


def views_figure(
    margin: Float[np.ndarray, " n"],
    views: Mapping[str, Float[np.ndarray, " n"]],
    *,
    dropped: Bool[np.ndarray, " n"],
    corrupted: Bool[np.ndarray, " n"] | None,
    unit: str,
) -> "Figure":
    """Each row's value on a validation set against its margin, a panel a view.

    Args:
        margin: low is doubtful.
        views: values by title, low is doubtful.
        dropped: rows of lowest margin, in another colour.
        corrupted: rows spoilt on purpose, ringed, where there are any.
        unit: what a margin is.
    """
    figure, grid = panels((5 * len(views), 4.2), across=len(views))
    for axes, (title, values) in zip(grid[0], views.items(), strict=True):
        for rows, colour, name in (
            (~dropped, PALETTE[0], "kept"),
            (dropped, PALETTE[5], "dropped"),
        ):
            axes.plot(margin[rows], values[rows], ".", ms=4, alpha=0.7, color=colour, label=name)
        if corrupted is not None:
            axes.plot(
                margin[corrupted], values[corrupted], "o", ms=6, mfc="none", mec=INK, mew=0.6,
                label="spoilt on purpose",
            )  # fmt: skip
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_title(drawn(title), loc="left", fontsize=10)
        axes.set_xlabel(unit, fontsize=8)
        style(axes)
    grid[0, 0].set_ylabel("value of the row on the validation set")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def _cut(margin: np.ndarray, dropped: np.ndarray) -> float | None:
    """Between the highest margin dropped and the lowest kept."""
    if not dropped.any() or dropped.all():
        return None
    return float(margin[dropped].max() + margin[~dropped].min()) / 2


def _lowest(margin: np.ndarray, cut: float | None) -> float:
    """Margins below it are drawn at it, so that a few do not squeeze all others."""
    high = float(margin.max())
    edge = float(np.quantile(margin, 0.001)) if cut is None else cut
    return min(high - FARTHEST * (high - edge), float(np.quantile(margin, 0.01)))


def _bins(shown: np.ndarray, cut: float | None) -> np.ndarray:
    """Edges of equal bins, one of them at the cut."""
    low, high = float(shown.min()), float(shown.max())
    width = (high - low) / NUM_BINS or 1.0
    origin = low if cut is None else cut
    below, above = np.ceil((origin - low) / width), np.ceil((high - origin) / width)
    return origin + width * np.arange(-below - 1, above + 2)
