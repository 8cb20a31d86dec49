"""Figures of one validation row: what helped to predict it, and what hurt."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Num, ScalarLike

from davinz_jax.plots.rows import scale_to_unit
from davinz_jax.plots.style import INK, PALETTE, finish, panels
from davinz_jax.plots.text import drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Line(NamedTuple):
    """Images that stand in one line.

    Attributes:
        images: (r, h, w, c), of any range.
        captions: one text an image.
    """

    images: Num[np.ndarray, "r h w c"]
    captions: Sequence[str]


def beside_figure(
    image: Num[np.ndarray, "h w c"], caption: str, lines: Mapping[str, Line], *, title: str
) -> "Figure":
    """An image, and beside it lines of others.

    Args:
        image: what stands at the left of every line.
        caption: its text.
        lines: the others, by what each line has in common.
        title: of all.
    """
    across = 1 + max((len(line.images) for line in lines.values()), default=0)
    figure, grid = panels((1.4 * across, 1.9 * len(lines) + 0.4), down=len(lines), across=across)
    for axes in grid.flat:
        axes.axis("off")
    for row, (name, line) in zip(grid, lines.items(), strict=True):
        _draw(row[0], image, f"{caption}\n{name}")
        for axes, each, text in zip(row[1:], line.images, line.captions, strict=False):
            _draw(axes, each, text)
    figure.suptitle(drawn(title), x=0.01, ha="left", fontsize=11)
    return figure


def effects_figure(frame: "pd.DataFrame", *, title: str, level: ScalarLike) -> "Figure":
    """What players are worth to one row, as bars with intervals, in the order given.

    Args:
        frame: columns player, value, low and high.
        title: which row.
        level: coverage of the intervals.
    """
    figure, grid = panels((8, 1.8 + 0.36 * len(frame)))
    axes, places, value = grid[0, 0], np.arange(len(frame)), frame["value"].to_numpy()
    for name, chosen, colour in (("helped", value > 0, 0), ("hurt", value < 0, 5)):
        if chosen.any():
            axes.barh(places[chosen], value[chosen], height=0.62, color=PALETTE[colour], label=name)
    away = np.abs(frame[["low", "high"]].to_numpy().T - value)
    if away.any():
        marks = {"fmt": "none", "color": INK, "capsize": 3, "elinewidth": 1.2}
        percent = f"{float(np.asarray(level)):.0%} interval of each"
        axes.errorbar(value, places, xerr=away, label=percent, **marks)
    axes.set_yticks(places, [drawn(str(name)) for name in frame["player"]])
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("value to this row")
    finish(axes, title, columns=3)
    return figure


def _draw(axes: "Axes", image: Num[np.ndarray, "h w c"], caption: str) -> None:
    axes.imshow(scale_to_unit(image), cmap="gray")
    axes.set_title("\n".join(map(drawn, caption.split("\n"))), fontsize=8)
