"""Figure of leave-one-out error by ridge, with the ridge that it chose."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from davinz_jax.plots.style import PALETTE, finish, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXTS = {"squared_error": "squared error", "cross_entropy": "cross-entropy"}


@runtime_checkable
class Curve(Protocol):
    """What is drawn of a choice of a ridge, as `linalg.RidgeCurve` has it."""

    @property
    def criterion(self) -> str:
        """The error that chose."""
        ...

    @property
    def relative(self) -> Sequence[float]:
        """Ridges tried, over the kernel's mean diagonal."""
        ...

    @property
    def errors(self) -> Mapping[str, Sequence[float]]:
        """Errors at them, by criterion."""
        ...

    @property
    def relative_ridge(self) -> float:
        """The ridge chosen."""
        ...

    @property
    def error(self) -> float:
        """Its error."""
        ...


def ridge_figure(curves: Sequence[Curve], *, title: str) -> "Figure":
    """Error of each row told by all others, by ridge; a mark where it is least.

    Args:
        curves: one a kernel, or one a choice of a ridge.
        title: what is regressed.
    """
    figure, grid = panels((7, 4))
    axes = grid[0, 0]
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
    finish(axes, title, columns=2)
    return figure
