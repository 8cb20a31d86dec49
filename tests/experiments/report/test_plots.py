"""Figures of values: what is drawn, read off the axes."""

import numpy as np
import pandas as pd
import pytest

from experiments.report.plots import MOST_BARS, plt, rows_figure, save, values_figure

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


def test_rows_are_drawn_with_their_captions(tmp_path):
    images = np.random.default_rng(0).normal(size=(10, 4, 4, 1))
    figure = rows_figure(images, [f"row {i}" for i in range(10)], title="worst")
    drawn = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in drawn] == [f"row {i}" for i in range(10)]
    first = drawn[0].images[0].get_array()
    assert (first.min(), first.max()) == (0, 1)
    save(figure, tmp_path / "rows.png")
    assert (tmp_path / "rows.png").read_bytes().startswith(b"\x89PNG")
