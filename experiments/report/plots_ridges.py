"""Figure of leave-one-out error by ridge, with the ridge that it chose."""

from collections.abc import Sequence
from functools import partial

from matplotlib.figure import Figure

from davinz_jax.files import Writer
from davinz_jax.linalg import RidgeCurve
from experiments.report import plots
from experiments.report.plots import PALETTE, plt, style

RIDGES = "ridge.png"

_TEXTS = {"squared_error": "squared error", "cross_entropy": "cross-entropy"}


def ridge_figure(curves: Sequence[RidgeCurve], *, title: str) -> Figure:
    """Error of each row told by all others, by ridge; a mark where it is least.

    Args:
        curves: one a kernel, or one a choice of a ridge.
        title: what is regressed.
    """
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for number, curve in enumerate(curves):
        colour, name = PALETTE[number % len(PALETTE)], _TEXTS.get(curve.criterion, curve.criterion)
        label = name if len(curves) == 1 else f"{name}, choice {number + 1}"
        axes.plot(curve.relative, curve.errors[curve.criterion], color=colour, label=label)
        axes.plot(
            [curve.relative_ridge], [curve.error], "D", color=colour, markersize=7,
            label=f"chosen: {curve.relative_ridge:.3g} × mean diagonal",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlabel("ridge (mean diagonal of the kernel)")
    axes.set_ylabel("leave-one-out error, mean over rows")
    style(axes)
    axes.set_title(title, loc="left", fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure


def ridge_writers(curves: Sequence[RidgeCurve], *, title: str) -> dict[str, Writer]:
    """The figure by the name of its file; nothing where no ridge was chosen from the data."""
    if not curves:
        return {}
    return {RIDGES: partial(plots.save, ridge_figure(curves, title=title))}
