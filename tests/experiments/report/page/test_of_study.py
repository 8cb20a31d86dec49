"""The page of a study: verdicts first, a table that sorts by its numbers, the figure."""

from experiments.report.page.common import text_table
from experiments.report.page.of_study import study_page
from experiments.report.page.render import render
from experiments.report.plots import plt


def test_page_of_a_study():
    content = {"versions": {"davinz-jax": "1"}, "seconds": {}, "config": {"seed": 0}}
    page = study_page(
        "noise: 3 seeds",
        verdicts=["value falls with noise: Spearman -0.95"],
        tables=[
            text_table("t", ["method", "Spearman"], [["davinz", "0.91 [0.88]"], ["size", "-"]])
        ],
        figure=plt.figure(),
        notes=["a note"],
        content=content,
    )
    assert page.answer == ["Value falls with noise: Spearman -0.95."]
    assert [cells[1].order for cells in page.sections[0].tables[0].rows] == [0.91, None]
    assert "Value falls with noise" in render(page)
    assert "A note." in render(page)
