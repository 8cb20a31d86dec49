"""A second opinion beside the first, read off the axes."""

import numpy as np
import pytest

from davinz_jax.plots import MOST_BARS, add_opinion, values_figure
from experiments.report.plots import plt
from tests.plots.test_values import TERMS, values


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def both(num):
    frame = values(num)
    other = -(frame["value"].to_numpy() ** 3)
    frame = frame.assign(second_value=other, second_low=other - 1, second_high=other + 1,
                         second_rank=np.argsort(np.argsort(-other)) + 1)  # fmt: skip
    figure = values_figure(frame, TERMS, title="t", level=0.95)
    add_opinion(figure, frame, by="ν", level=0.95)
    return frame.sort_values("value", ascending=False), figure.axes


def test_few_players_stand_in_the_order_of_the_first():
    frame, (first, second) = both(4)
    assert second.get_title(loc="left") == "second opinion: ν"
    assert first.get_ylim() == second.get_ylim()
    points = second.lines[0]
    np.testing.assert_allclose(points.get_xdata(), frame["second_value"])
    assert points.get_ydata().tolist() == [0, 1, 2, 3]
    assert [text.get_text() for text in second.texts] == [str(n) for n in frame["second_rank"]]


def test_many_players_are_points():
    frame, (_, second) = both(MOST_BARS + 1)
    points = second.lines[0]
    np.testing.assert_allclose(points.get_xdata(), frame["value"])
    np.testing.assert_allclose(points.get_ydata(), frame["second_value"])
