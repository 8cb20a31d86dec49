"""Figures of values: bars split in their terms with intervals, curves of many players."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from davinz_jax.plots.style import INK, PALETTE, finish, panels
from davinz_jax.plots.text import drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TERM_CAPTIONS = {
    "complexity": "in-domain (complexity)",
    "discrepancy": "out-of-domain (discrepancy)",
}
MOST_BARS = 40
"""Players up to which each has a bar."""


def values_figure(
    frame: "pd.DataFrame", terms: Sequence[str], *, title: str, level: float
) -> "Figure":
    """Values of few players as bars split in terms, of many as a sorted curve.

    Args:
        frame: columns player, value, low, high and one per term, as `Valuation.to_frame`.
        terms: names of the terms that sum to the value.
        title: what is valued, and how.
        level: coverage of the intervals low..high, e.g. 0.95; without limits none are drawn.
    """
    ranked = frame.sort_values("value", ascending=False, ignore_index=True)
    if len(ranked) <= MOST_BARS:
        return _bars(ranked, terms, title, level)
    return _curve(ranked, terms, title, level)


def caption(term: str) -> str:
    """A term of a value in words."""
    return TERM_CAPTIONS.get(term, drawn(term).replace("_", " "))


def _bars(frame: "pd.DataFrame", terms: Sequence[str], title: str, level: float) -> "Figure":
    figure, grid = panels((8, 1.8 + 0.36 * len(frame)))
    axes, rows = grid[0, 0], np.arange(len(frame))
    lows, highs = np.zeros(len(frame)), np.zeros(len(frame))
    for term, colour in zip(terms, PALETTE, strict=False):
        part = frame[term].to_numpy()
        start = np.where(part >= 0, highs, lows)
        axes.barh(rows, part, left=start, height=0.62, color=colour, label=caption(term))
        highs, lows = highs + np.clip(part, 0, None), lows + np.clip(part, None, 0)
    _mark_values(axes, frame, rows, level)
    axes.set_yticks(rows, [drawn(name) for name in frame["player"]])
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("value")
    finish(axes, title, columns=3)
    return figure


def _mark_values(
    axes: "Axes", frame: "pd.DataFrame", rows: Int[np.ndarray, " p"], level: float
) -> None:
    value = frame["value"].to_numpy()
    distances = np.abs(frame[["low", "high"]].to_numpy().T - value)
    has_limits = bool(np.isfinite(distances).all())
    axes.errorbar(
        value, rows, xerr=distances if has_limits else None, fmt="D", color=INK, markersize=4,
        capsize=3, elinewidth=1.2,
        label=f"value, {level:.0%} interval of each" if has_limits else "value",
    )  # fmt: skip


def _curve(frame: "pd.DataFrame", terms: Sequence[str], title: str, level: float) -> "Figure":
    figure, grid = panels((8, 4.5))
    axes, place = grid[0, 0], np.arange(1, len(frame) + 1)
    if frame[["low", "high"]].notna().to_numpy().all():
        axes.fill_between(
            place, frame["low"], frame["high"], color=INK, alpha=0.18, linewidth=0,
            label=f"{level:.0%} interval of each",
        )  # fmt: skip
    for term, colour in zip(terms if len(terms) > 1 else (), PALETTE, strict=False):
        points = {"markersize": 2, "alpha": 0.5, "label": caption(term)}
        axes.plot(place, frame[term], ".", color=colour, **points)
    axes.plot(place, frame["value"], color=INK, linewidth=1.4, label="value")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("place (best first)")
    axes.set_ylabel("value")
    finish(axes, title, columns=3)
    return figure
