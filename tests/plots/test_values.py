"""Figures of values: what is drawn, read off the axes."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.plots import MOST_BARS, values_figure
from experiments.report.plots import plt

TERMS = ("complexity", "discrepancy")


def values(num):
    draw = np.random.default_rng(0)
    terms = draw.normal(size=(num, 2))
    value = terms.sum(axis=1)
    columns = {"player": [f"p{i}" for i in range(num)], "value": value}
    columns |= {"low": value - 1, "high": value + 2} | dict(zip(TERMS, terms.T, strict=True))
    return pd.DataFrame(columns)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_bars_of_few_players_end_at_their_values():
    """Bars of one sign are stacked: their ends add up to the value."""
    frame = values(3).sort_values("value", ascending=False)
    axes = values_figure(frame, TERMS, title="t", level=0.95).axes[0]
    widths = np.array([[bar.get_width() for bar in group] for group in axes.containers[:2]])
    np.testing.assert_allclose(widths.sum(axis=0), frame["value"])
    assert [text.get_text() for text in axes.get_yticklabels()] == frame["player"].tolist()


def test_many_players_are_a_falling_curve():
    frame = values(MOST_BARS + 1)
    axes = values_figure(frame, TERMS, title="t", level=0.9).axes[0]
    curve = next(line for line in axes.lines if line.get_label() == "value")
    np.testing.assert_allclose(curve.get_ydata(), np.sort(frame["value"])[::-1])


def test_values_without_errors_have_no_limits():
    frame = values(3).assign(low=np.nan, high=np.nan)
    figure = values_figure(frame, TERMS, title="t", level=0.95)
    assert "interval" not in figure.legends[0].get_texts()[-1].get_text()
    many = values(MOST_BARS + 1).assign(low=np.nan, high=np.nan)
    assert not values_figure(many, TERMS, title="t", level=0.95).axes[0].collections
