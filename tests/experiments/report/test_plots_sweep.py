"""The figure of a sweep: every setting named once and pointed at, few or many."""

import pytest

from experiments.report.estimates import OverSeeds
from experiments.report.plots import plt
from experiments.report.plots_sweep import sweep_figure


def panels(number):
    settings = {f"model=m{k}": OverSeeds(k / number, -0.1, 1.1) for k in range(number)}
    alone = {"model=m0": OverSeeds(0.5), "model=m1": OverSeeds(None)}
    return {"spearman value size": settings, "seconds": alone, "c": alone, "d": alone}


@pytest.mark.parametrize("number", [2, 50])
def test_every_setting_is_named_at_the_left_and_pointed_at(number):
    figure = sweep_figure(panels(number))
    first, second, _, fourth, *empty = figure.axes
    names = [label.get_text() for label in first.get_yticklabels()]
    assert names == [f"model=m{k}" for k in range(number)]
    points = [line for line in first.lines if line.get_marker() == "o"]
    assert [line.get_ydata()[0] for line in points] == list(range(number))
    assert first.get_ylim() == (number - 0.5, -0.5) == fourth.get_ylim()
    assert len([line for line in second.lines if line.get_marker() == "o"]) == 1
    assert not any(axes.axison for axes in empty)
    plt.close(figure)


def test_lines_lie_closer_where_they_are_many():
    heights = [sweep_figure(panels(number)).get_size_inches()[1] for number in (12, 50)]
    assert heights[1] < 3 * heights[0]
    plt.close("all")
