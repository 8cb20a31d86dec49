"""Figures of values: bars split in their terms with intervals, curves of rows, worst rows drawn.

Functions take frames and arrays and return a matplotlib Figure; nothing here computes a value.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402  (after the backend is chosen)
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from experiments.runtime.foreign import drawn  # noqa: E402

# Okabe & Ito's palette: told apart by people who do not see all colours.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
INK = "#333333"
TERM_CAPTIONS = {
    "complexity": "in-domain (complexity)",
    "discrepancy": "out-of-domain (discrepancy)",
}
MOST_BARS = 40


def style(axes: Axes) -> None:
    """Quiet frame and grid, shared by all figures."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG and free it."""
    figure.savefig(path, dpi=150, format="png")
    plt.close(figure)


def values_figure(frame: pd.DataFrame, terms: Sequence[str], *, title: str, level: float) -> Figure:
    """Values of few players as bars split in terms, of many as a sorted curve.

    Args:
        frame: columns player, value, low, high and one per term.
        terms: names of the terms that sum to the value.
        title: what is valued, and how.
        level: coverage of the intervals low..high, e.g. 0.95.
    """
    ranked = frame.sort_values("value", ascending=False, ignore_index=True)
    if len(ranked) <= MOST_BARS:
        return _bars(ranked, terms, title, level)
    return _curve(ranked, terms, title, level)


def _bars(frame: pd.DataFrame, terms: Sequence[str], title: str, level: float) -> Figure:
    figure, axes = plt.subplots(figsize=(8, 1.8 + 0.36 * len(frame)), layout="constrained")
    rows = np.arange(len(frame))
    lows, highs = np.zeros(len(frame)), np.zeros(len(frame))
    for term, colour in zip(terms, PALETTE, strict=False):
        part = frame[term].to_numpy()
        start = np.where(part >= 0, highs, lows)
        label = TERM_CAPTIONS.get(term, drawn(term))
        axes.barh(rows, part, left=start, height=0.62, color=colour, label=label)
        highs, lows = highs + np.clip(part, 0, None), lows + np.clip(part, None, 0)
    _mark_values(axes, frame, rows, level)
    axes.set_yticks(rows, [drawn(name) for name in frame["player"]])
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("value")
    _finish(axes, title)
    return figure


def _mark_values(axes: Axes, frame: pd.DataFrame, rows: np.ndarray, level: float) -> None:
    value = frame["value"].to_numpy()
    distances = np.abs(frame[["low", "high"]].to_numpy().T - value)
    axes.errorbar(
        value, rows, xerr=distances, fmt="D", color=INK, markersize=4, capsize=3, elinewidth=1.2,
        label=f"value, {level:.0%} interval of each",
    )  # fmt: skip


def _curve(frame: pd.DataFrame, terms: Sequence[str], title: str, level: float) -> Figure:
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    place = np.arange(1, len(frame) + 1)
    axes.fill_between(
        place, frame["low"], frame["high"], color=INK, alpha=0.18, linewidth=0,
        label=f"{level:.0%} interval of each",
    )  # fmt: skip
    for term, colour in zip(terms, PALETTE, strict=False):
        label = TERM_CAPTIONS.get(term, drawn(term))
        axes.plot(place, frame[term], ".", color=colour, markersize=2, alpha=0.5, label=label)
    axes.plot(place, frame["value"], color=INK, linewidth=1.4, label="value")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("place (best first)")
    axes.set_ylabel("value")
    _finish(axes, title)
    return figure


def _finish(axes: Axes, title: str) -> None:
    style(axes)
    axes.set_title(drawn(title), loc="left", fontsize=11)
    axes.figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)


def rows_figure(images: np.ndarray, captions: Sequence[str], *, title: str) -> Figure:
    """Images of single rows with their captions, in a grid.

    Args:
        images: (m, h, w, c) floats of any range; one or three channels are drawn, else the first.
        captions: one text an image.
        title: what the rows have in common.
    """
    columns = min(8, max(1, len(images)))
    lines = -(-len(images) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(1.35 * columns, 1.65 * lines + 0.5), layout="constrained",
        squeeze=False,
    )  # fmt: skip
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, caption in zip(grid.flat, images, captions, strict=False):
        axes.imshow(_scale_to_unit(image), cmap="gray")
        axes.set_title("\n".join(map(drawn, caption.split("\n"))), fontsize=8)
    figure.suptitle(drawn(title), x=0.01, ha="left", fontsize=11)
    return figure


def _scale_to_unit(image: np.ndarray) -> np.ndarray:
    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / (high - low if high > low else 1.0)
    return scaled if image.shape[-1] == 3 else scaled[..., 0]
