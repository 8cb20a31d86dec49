"""A dataset as it is shown: in a line, in a notebook, as a figure."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.data import Dataset, Parties, Validation
from davinz_jax.data.display import MOST_IMAGES, MOST_NAMES
from experiments.report.plots import plt


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def table():
    """Five rows of two parties and two classes, one of which is called like a tag."""
    inputs = np.arange(10.0).reshape(5, 2)
    parties = Parties(np.array([0, 0, 0, 1, 1]), ("north", "<script>south"))
    return Dataset(
        inputs,
        np.array([0, 0, 1, 1, 1]),
        "classification",
        2,
        Validation(inputs[:3]),
        name="ward <b>",
        class_names=("well", "<i>ill"),
        parties=parties,
        notes=("two & two",),
    )


def test_a_line_says_what_is_there(table):
    assert repr(table) == (
        "<Dataset ward <b>: 5 of 2 columns, 2 classes, judged by 3 validation rows without "
        "targets, 2 parties>"
    )
    folded = replace(table, folds=np.array([0, 1, 2, 0, 1]), parties=None)
    assert repr(folded).endswith("judged by the rows themselves, in 3 folds>")
    tokens = replace(table, inputs=np.ones((5, 2), np.int32), input_kind="tokens")
    assert "5 of 2 tokens" in repr(tokens)
    numbers = replace(table, task="regression", targets=np.arange(5.0), num_classes=1)
    assert "numbers 0 to 4" in repr(numbers)


def test_a_notebook_shows_counts_and_no_markup_of_the_data(table):
    shown = table._repr_html_()
    for text in ("well: 2, &lt;i&gt;ill: 3", "north: 3", "two &amp; two", "ward &lt;b&gt;"):
        assert text in shown
    assert "<script" not in shown
    assert "<i>" not in shown
    assert "http" not in shown


def test_of_many_parties_some_are_told():
    num = MOST_NAMES + 5
    inputs, names = np.zeros((num, 1)), tuple(f"p{k}" for k in range(num))
    data = Dataset(inputs, np.arange(num) * 1.0, "regression", 1, Validation(inputs),
                   parties=Parties(np.arange(num), names))  # fmt: skip
    assert "p11: 1, and 5 more" in data._repr_html_()


def test_the_figure_counts_rows_by_party_and_class(table):
    axes = table.plot().axes[0]
    widths = [[bar.get_width() for bar in group] for group in axes.containers]
    assert widths == [[2, 0], [1, 2]]
    alone = replace(table, parties=None)
    assert [text.get_text() for text in alone.plot().axes[0].texts] == ["2", "3"]
    numbers = replace(table, task="regression", targets=np.arange(5.0))
    assert [text.get_text() for text in numbers.plot().axes[0].texts] == ["3", "2"]


def test_the_figure_of_images_is_the_first_of_them():
    images = np.random.default_rng(0).random((MOST_IMAGES + 1, 3, 3, 1))
    targets = np.arange(len(images)) % 2
    data = Dataset(images, targets, "classification", 2, Validation(images))
    drawn = [axes for axes in data.plot().axes if axes.images]
    assert [axes.get_title() for axes in drawn[:3]] == ["0", "1", "0"]
    assert len(drawn) == MOST_IMAGES
