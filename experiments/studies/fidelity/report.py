"""What a run says of its scores: the ranking for the console, and the page of the run."""

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page.common import text_table
from experiments.report.page.document import Document
from experiments.report.page.of_study import study_page
from experiments.report.tables import span, two_digits
from experiments.studies.fidelity import page
from experiments.studies.fidelity.scores import LABEL_FREE, LABELLED, SCORES


def report(content: Mapping[str, Any], figure: Figure) -> Document:
    """The page of a run.

    Args:
        content: what its JSON file holds.
        figure: every score's mean and draws.
    """
    chosen = content["chosen"][LABELLED]
    title = f"{SCORES[chosen].title}: wanted and found"
    headers = ("what", *page.WANTED_HEADERS[1:])
    wanted = text_table(title, headers, page.wanted_rows(content["showing"][chosen]))
    return study_page(
        "Does a score track trained networks?",
        verdicts=list(verdicts(content)),
        tables=[wanted, text_table(*ranking(content))],
        figure=figure,
        notes=list(_notes(content)),
        content=content,
    )


def ranking(content: Mapping[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """Title, headers and rows of all scores on showing draws, from the best down."""
    shown = content["showing"]
    names = sorted(SCORES, key=lambda name: -shown[name]["mean"][0])
    headers = ["score", "mean", "least draw", "ordered pairs", "minus KNN-1", "choosing"]
    rows = [
        [SCORES[name].title, span(shown[name]["mean"]), f"{shown[name]['least']:.2f}",
         f"{shown[name]['ordered_pairs']:.2f}", span(shown[name]["minus"]["knn_1"]),
         f"{content['choosing'][name]['mean'][0]:.2f}"]
        for name in names
    ]  # fmt: skip
    return "Spearman with trained accuracy, mean over showing draws", headers, rows


def verdicts(content: Mapping[str, Any]) -> Iterator[str]:
    """The answer, one sentence a line."""
    chosen, shown = content["chosen"], content["showing"]
    best, free = chosen[LABELLED], chosen[LABEL_FREE]
    yield f"take {SCORES[best].title} to tell which data train better networks"
    yield (
        f"it was chosen on other sets; where shown, its order agrees with that of trained networks "
        f"at Spearman {span(shown[best]['mean'])}, in the least draw {_least(shown[best])} "
        "(1 is the same order, 0 none)"
    )
    over = shown[best]["minus"]["knn_1"]
    verb = "is" if over[1] > 0 else "is not shown to be"
    yield f"it {verb} ahead of one nearest neighbour: {span(over)}, in pairs"
    yield (
        f"without labels to judge by, take {SCORES[free].title}: {span(shown[free]['mean'])}; the "
        f"paper's ν: {span(shown[page.PAPER]['mean'])}"
    )


def _least(found: Mapping[str, Any]) -> str:
    return two_digits(found["least"])


def _notes(content: Mapping[str, Any]) -> Iterator[str]:
    draws, trained = content["draws"], content["training"]
    chosen, shown = (sum(draws[role].values()) for role in ("choosing", "showing"))
    yield (
        f"which score is best was decided on {chosen} sets; no set of the {shown} that are shown "
        "served a choice"
    )
    yield (
        f"the truth is the test accuracy of {trained['networks']:,} trained networks; sets have "
        "one size and one share of each class, so that neither tells anything"
    )
    reliable = min(content["reliability"].values())
    yield f"as many new trainings would agree with it at {two_digits(reliable)} or more"
    if content["config"]["size"] == "smoke":
        yield "size=smoke is too small to tell anything; set size=reduced"
