"""One validation row beside what helped and hurt it, read off the axes."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.plots import Line, beside_figure, effects_figure
from experiments.report.plots import plt


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_every_line_begins_with_the_row_and_holds_its_images():
    images = np.random.default_rng(0).normal(size=(3, 4, 4, 1))
    lines = {"helped": Line(images, ["a", "b", "c"]), "hurt": Line(images[:1], ["d"])}
    figure = beside_figure(images[0], "nine", lines, title="row 3")
    drawn = [axes.get_title() for axes in figure.axes if axes.images]
    assert drawn == ["nine\nhelped", "a", "b", "c", "nine\nhurt", "d"]


@pytest.mark.parametrize("width", [0.0, 0.5])
def test_bars_are_the_values_and_exact_ones_have_no_interval(width):
    frame = pd.DataFrame({"player": ["a", "b", "c"], "value": [2.0, 1.0, -3.0]})
    frame = frame.assign(low=frame["value"] - width, high=frame["value"] + width)
    figure = effects_figure(frame, title="row 3", level=0.9)
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert bars == [2.0, 1.0, -3.0]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["helped", "hurt", *(["90% interval of each"] if width else [])]
