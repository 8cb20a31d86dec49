"""Rows drawn as images, and counted by party."""

import numpy as np
import pytest

from davinz_jax.plots import rows_figure, sizes_figure
from davinz_jax.plots.rows import MOST_COLOURS
from experiments.report.plots import plt, save


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_rows_are_drawn_with_their_captions(tmp_path):
    images = np.random.default_rng(0).normal(size=(10, 4, 4, 1))
    figure = rows_figure(images, [f"row {i}" for i in range(10)], title="worst")
    drawn = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in drawn] == [f"row {i}" for i in range(10)]
    first = drawn[0].images[0].get_array()
    assert (first.min(), first.max()) == (0, 1)
    save(figure, tmp_path / "rows.png")
    assert (tmp_path / "rows.png").read_bytes().startswith(b"\x89PNG")


def test_bars_of_classes_add_up_to_the_rows_of_a_party():
    counts = np.array([[3, 1], [0, 5]])
    axes = sizes_figure(counts, ["a", "$b$"], ["well", "ill"], title="t").axes[0]
    widths = np.array([[bar.get_width() for bar in group] for group in axes.containers])
    np.testing.assert_array_equal(widths.T, counts)
    assert [text.get_text() for text in axes.texts] == ["4", "5"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", r"\$b\$"]


def test_many_classes_are_one_bar():
    counts = np.ones((2, MOST_COLOURS + 1), int)
    axes = sizes_figure(counts, ["a", "b"], [str(k) for k in range(7)], title="t").axes[0]
    (only,) = axes.containers
    assert [bar.get_width() for bar in only] == [7, 7]
