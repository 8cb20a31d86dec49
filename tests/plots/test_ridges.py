"""The curve that chose a ridge, as drawn."""

import numpy as np
import pytest

from davinz_jax.linalg import choose_ridge
from davinz_jax.plots import ridge_figure
from experiments.report.plots import plt
from experiments.report.plots_ridges import RIDGES, ridge_writers


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def curve():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(20, 3))
    kernel = np.exp(-np.square(points[:, None] - points).sum(-1) / 2)
    targets = np.eye(2)[rng.integers(2, size=20)]
    return choose_ridge(kernel[None, None], np.arange(20)[None], targets[None], targets)


def test_the_least_error_is_marked(curve):
    axes = ridge_figure([curve], title="digits").axes[0]
    line, mark = axes.lines
    np.testing.assert_array_equal(line.get_ydata(), curve.errors["squared_error"])
    assert mark.get_xdata() == [curve.relative_ridge]
    assert mark.get_ydata() == [min(line.get_ydata())]
    assert axes.get_xscale() == "log"


def test_every_choice_has_its_own_line(curve):
    labels = [line.get_label() for line in ridge_figure([curve] * 2, title="").axes[0].lines]
    assert labels[0] == "squared error, choice 1"
    assert len(set(labels)) == 3


def test_written_only_where_a_ridge_was_chosen(curve, tmp_path):
    assert ridge_writers([], title="") == {}
    ridge_writers([curve], title="")[RIDGES](tmp_path / RIDGES)
    assert (tmp_path / RIDGES).stat().st_size > 1000
