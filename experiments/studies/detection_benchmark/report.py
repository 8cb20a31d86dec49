"""The page of a run: who finds the wrong rows, by rank and by data set."""

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page.common import text_table
from experiments.report.page.document import Document
from experiments.report.page.of_study import study_page
from experiments.studies.detection_benchmark import page


def report(content: Mapping[str, Any], figures: Mapping[str, Figure]) -> Document:
    """The page of a run.

    Args:
        content: what its JSON file holds.
        figures: by file name.
    """
    ranks = [
        text_table(f"Mean rank by {family['score']}: {family['title']}", *page.rank_rows(family))
        for family in content["ranks"]
    ]
    found = [
        text_table(f"{title}, all rates: F1 ± standard error / AUC", *page.score_rows_of(cells))
        for noise, title in page.NOISES.items()
        if (cells := [cell for cell in content["cells"] if cell["noise"] == noise
                      and cell["rate"] == _rate(content)])
    ]  # fmt: skip
    return study_page(
        "Which rows are wrong: all methods by OpenDataVal's protocols",
        verdicts=[line.replace("**", "") for line in page.verdicts(content)],
        tables=[*ranks, *found],
        figure=figures.get("detection_ranks.png", figures["detection_recall.png"]),
        notes=list(_notes(content)),
        content=content,
    )


def _rate(content: Mapping[str, Any]) -> float:
    rates = sorted({cell["rate"] for cell in content["cells"]})
    return 0.1 if 0.1 in rates else rates[-1]


def _notes(content: Mapping[str, Any]) -> Iterator[str]:
    yield "the cut of our margins was chosen on 2dplanes and fried, and on no other data set"
    yield "published figures are of others' code and rows; only 2dplanes and fried can be compared"
    if content["config"]["size"] == "smoke":
        yield "size=smoke is too small to tell anything; set size=reduced"
