"""Figures of a run as files: drawn without a screen, written and freed."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402  (after the backend is chosen)
from matplotlib.figure import Figure  # noqa: E402

__all__ = ["plt", "save"]


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG and free it."""
    figure.savefig(path, dpi=150, format="png")
    plt.close(figure)
