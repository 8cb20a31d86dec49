"""Figures of a dataset's rows: images with captions, and how many rows each party has."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int, Num

from davinz_jax.plots.style import INK, PALETTE, finish, panels
from davinz_jax.plots.text import drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLOURS = 6
"""Classes up to which each has a colour; the rows of more are drawn as one."""


def rows_figure(
    images: Num[np.ndarray, "m h w c"], captions: Sequence[str], *, title: str
) -> "Figure":
    """Images of single rows with their captions, in a grid.

    Args:
        images: (m, h, w, c) of any range; one or three channels are drawn, else the first.
        captions: one text an image.
        title: what the rows have in common.
    """
    across = min(8, max(1, len(images)))
    down = max(1, -(-len(images) // across))
    figure, grid = panels((1.35 * across, 1.65 * down + 0.5), down=down, across=across)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, caption in zip(grid.flat, images, captions, strict=False):
        axes.imshow(scale_to_unit(image), cmap="gray")
        axes.set_title("\n".join(map(drawn, caption.split("\n"))), fontsize=8)
    figure.suptitle(drawn(title), x=0.01, ha="left", fontsize=11)
    return figure


def sizes_figure(
    counts: Int[np.ndarray, "p k"], parties: Sequence[str], classes: Sequence[str], *, title: str
) -> "Figure":
    """Rows of each party as a bar, parted by class where there are few.

    Args:
        counts: rows of each party and class.
        parties: a name each.
        classes: a name each; one without a name where rows have no class.
        title: whose rows they are.
    """
    figure, grid = panels((8, 1.6 + 0.36 * len(parties)))
    axes, places = grid[0, 0], np.arange(len(parties))
    if len(classes) > MOST_COLOURS:
        counts, classes = counts.sum(axis=1, keepdims=True), [f"all {len(classes)} classes"]
    start = np.zeros(len(parties))
    for part, name, colour in zip(counts.T, classes, PALETTE, strict=False):
        axes.barh(places, part, left=start, height=0.62, color=colour, label=drawn(name))
        start = start + part
    for place, total in zip(places, start, strict=True):
        axes.annotate(f"{int(total):,}", (total, place), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=9, color=INK)  # fmt: skip
    axes.set_yticks(places, [drawn(name) for name in parties])
    axes.invert_yaxis()
    axes.set_xlabel("rows")
    finish(axes, title, columns=MOST_COLOURS)
    return figure


def scale_to_unit(image: Num[np.ndarray, "h w c"]) -> Num[np.ndarray, "h w *c"]:
    """An image stretched to [0, 1]; of one channel or of two, the first without its axis."""
    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / (high - low if high > low else 1.0)
    return scaled if image.shape[-1] == 3 else scaled[..., 0]
