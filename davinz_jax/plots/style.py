"""What all figures share: colours, frame, grid, and how they are begun and ended."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import ScalarLike

from davinz_jax.plots.text import drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's palette: told apart by people who do not see all colours.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
INK = "#333333"


def style(axes: "Axes") -> None:
    """Quiet frame and grid, shared by all figures."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def panels(
    size: tuple[ScalarLike, ScalarLike], *, down: int = 1, across: int = 1
) -> "tuple[Figure, np.ndarray[Any, Any]]":
    """An empty figure, and its (down, across) axes.

    Args:
        size: width and height, in inches.
        down: panels one below the other.
        across: panels side by side.
    """
    import matplotlib
    from matplotlib import pyplot as plt

    figure, grid = plt.subplots(down, across, figsize=size, layout="constrained", squeeze=False)
    if "inline" in matplotlib.get_backend():  # which draws a cell's value, and what pyplot holds
        plt.close(figure)
    return figure, grid


def finish(axes: "Axes", title: str, *, columns: int) -> None:
    """Title above the only axes of a figure, legend below in so many columns."""
    style(axes)
    axes.set_title(drawn(title), loc="left", fontsize=11)
    axes.figure.legend(loc="outside lower center", ncols=columns, fontsize=9, frameon=False)
