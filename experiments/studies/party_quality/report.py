"""The page of a run: which score orders parties, how well, and what copies are worth."""

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page.common import text_table
from experiments.report.page.document import Document
from experiments.report.page.of_study import study_page
from experiments.report.tables import span
from experiments.studies.party_quality import page
from experiments.studies.party_quality.figures import CAUSES
from experiments.studies.party_quality.scores import SCORES


def report(content: Mapping[str, Any], figure: Figure) -> Document:
    """The page of a run.

    Args:
        content: what its JSON file holds.
        figure: how every score orders the parties.
    """
    chosen = SCORES[content["chosen"]].title
    orders = [
        text_table(f"Parties that differ by {CAUSES[quality]}: Spearman of value with cleanliness",
                   *page.order_rows(content, "showing", quality, span))
        for quality in page.QUALITIES
    ]  # fmt: skip
    wanted = page.wanted_rows(content, content["chosen"])
    return study_page(
        "Do values order parties that differ in one quality alone?",
        verdicts=list(verdicts(content)),
        tables=[text_table(f"{chosen}: wanted and found", *wanted), *orders],
        figure=figure,
        notes=list(_notes(content)),
        content=content,
    )


def verdicts(content: Mapping[str, Any]) -> Iterator[str]:
    """The answer, one sentence a line."""
    _, rows = page.wanted_rows(content, content["chosen"])
    missed = [row for row in rows if row[-1] != "yes"]
    said = "as wanted everywhere" if not missed else f"as wanted in {len(rows) - len(missed)} of"
    tail = "" if not missed else f" {len(rows)} cases"
    yield f"{SCORES[content['chosen']].title} orders parties {said}{tail}"
    for quality, data, wanted, *found, _ in missed:
        reached = " and ".join(found)
        yield f"on {data}, by {CAUSES[quality]}, {wanted} was wanted and {reached} reached"
    yield from map(str.strip, page.copies_verdict(content))
    yield from map(str.strip, page.rivals(content))


def _notes(content: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "the score was chosen on draws of digits and of one half of the table magic; the draws "
        "shown are others, and MNIST and spambase served no choice"
    )
    yield "numbers are means over draws with intervals over draws: 1 is the right order, 0 none"
    if content["config"]["size"] == "smoke":
        yield "size=smoke is too small to tell anything; set size=reduced"
