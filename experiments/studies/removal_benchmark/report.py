"""The page of a run: what a model loses with the rows of lowest or highest value."""

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page.common import text_table
from experiments.report.page.document import Document
from experiments.report.page.of_study import study_page
from experiments.studies.removal_benchmark import page
from experiments.studies.removal_benchmark.analysis import DIRECTIONS


def report(content: Mapping[str, Any], figures: Mapping[str, Figure]) -> Document:
    """The page of a run.

    Args:
        content: what its JSON file holds.
        figures: by file name.
    """
    ranks = [text_table(family["title"], *page.rank_rows(family)) for family in content["ranks"]]
    found = [
        text_table(
            f"{direction} values removed first: mean accuracy, {page.BETTER[direction]}",
            *page.accuracy_rows([c for c in content["cells"] if c["direction"] == direction]),
        )
        for direction in DIRECTIONS
    ]
    return study_page(
        "Rows removed by their value: what a model loses",
        verdicts=[line.replace("**", "") for line in page.verdicts(content)],
        tables=[*ranks, *found],
        figure=figures["removal_curves.png"],
        notes=list(_notes(content)),
        content=content,
    )


def _notes(content: Mapping[str, Any]) -> Iterator[str]:
    yield "the model fitted anew is a logistic regression, which favours rivals that are one"
    if content["config"]["size"] == "smoke":
        yield "size=smoke is too small to tell anything; set size=reduced"
