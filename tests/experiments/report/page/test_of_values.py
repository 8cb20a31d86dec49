"""What the page of a valuation says of two parties, and of four rows."""

import pytest

from experiments.report import values
from experiments.report.page.of_values import values_page
from experiments.report.page.render import render
from tests.experiments.report.cases import make_run


@pytest.fixture(scope="module", params=[False, True], ids=["parties", "rows"])
def run(request):
    return make_run(values_rows=request.param)


@pytest.fixture(scope="module")
def page(run):
    return values_page(run, values.result(run, {"seed": 3}), level=0.95)


def players(page):
    """The table of the players."""
    return next(section.tables[0] for section in page.sections if section.title == "Values")


def test_answer_names_the_best_and_the_worst(run, page):
    shown = run.valuation if run.sums is None else run.sums
    best, worst = sorted("ab", key=dict(zip(shown.players, shown.values, strict=True)).get)[::-1]
    assert page.answer[0].startswith(f"{best} is worth most")
    assert f"{worst} is worth least" in page.answer[0]


def test_every_player_is_listed_with_its_value(run, page):
    table = players(page)
    listed = {cells[0].text: cells[1].order for cells in table.rows}
    assert listed == dict(zip(run.valuation.players, run.valuation.values, strict=True))
    orders = [cells[1].order for cells in table.rows]
    assert orders == sorted(orders, reverse=True)


def test_bars_hold_their_parts_and_interval(run, page):
    limits = dict(zip(run.valuation.players, run.valuation.intervals(), strict=True))
    for cells in players(page).rows:
        bar = cells[2].bar
        assert (bar.low, bar.high) == pytest.approx(tuple(limits[cells[0].text]))
        assert sum(part.size for part in bar.parts) == pytest.approx(bar.value)


def test_rows_are_summed_by_party_and_told_with_their_labels(run, page):
    titles = [section.title for section in page.sections]
    assert ("By party, as the sum of rows" in titles) == run.values_rows
    assert ("label" in [column.title for column in players(page).columns]) == run.values_rows
    if run.values_rows:
        assert {cells[-1].text for cells in players(page).rows} == {"well", "sick"}


def test_sources_of_error_are_named(page):
    trust = next(section for section in page.sections if section.title.startswith("What to trust"))
    assert "draw of the network's weights" in trust.points[0][0]
    assert "not covered" in trust.points[0][1]


def test_it_renders(page):
    assert "How to repeat it" in render(page)
