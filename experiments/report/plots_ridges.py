"""The file with the figure of leave-one-out error by ridge."""

from collections.abc import Sequence
from functools import partial

from davinz_jax.files import Writer
from davinz_jax.linalg import RidgeCurve
from davinz_jax.plots import ridge_figure
from experiments.report import plots

RIDGES = "ridge.png"


def ridge_writers(curves: Sequence[RidgeCurve], *, title: str) -> dict[str, Writer]:
    """The figure by the name of its file; nothing where no ridge was chosen from the data."""
    if not curves:
        return {}
    return {RIDGES: partial(plots.save, ridge_figure(curves, title=title))}
